package org.gatehouse.password;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The costs in a PHC string, such as {@code m=19456,t=2,p=1}. The names are unique and in any order. */
record PhcParameters(Map<String, Integer> values) {
    /** A regular expression for the texts that {@link #parse} accepts. */
    static final String FORMAT = "[a-z]{1,2}=[1-9]\\d{0,8}(?:,[a-z]{1,2}=[1-9]\\d{0,8}){0,3}";

    PhcParameters {
        values = Map.copyOf(values);
    }

    /** @throws IllegalArgumentException if a name occurs twice */
    static PhcParameters parse(String text) {
        Map<String, Integer> values = new HashMap<>();
        for (String parameter : text.split(",", -1)) {
            int equals = parameter.indexOf('=');
            if (values.put(parameter.substring(0, equals), Integer.parseInt(parameter.substring(equals + 1))) != null) {
                throw new IllegalArgumentException("a parameter comes twice");
            }
        }
        return new PhcParameters(values);
    }

    /** Returns a single parameter. The hash contains only the value, so the caller supplies the name. */
    static PhcParameters of(String name, int value) {
        return new PhcParameters(Map.of(name, value));
    }

    boolean haveNames(Set<String> names) {
        return values.keySet().equals(names);
    }

    /** @throws IllegalArgumentException if the parameter is absent */
    int get(String name) {
        Integer value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("a parameter is missing");
        }
        return value;
    }
}
