package org.gatehouse.http;

import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/** Parses a query parameter that is {@code true} or {@code false}. An absent parameter is false. */
public final class BooleanParam {
    private BooleanParam() {}

    /** Returns the value of the parameter. Adds an error if the text is neither {@code true} nor {@code false}. */
    public static boolean parse(String name, @Nullable String value, FieldErrors errors) {
        if (value != null && !value.equals("true") && !value.equals("false")) {
            errors.add(name, "must be true or false");
        }
        return "true".equals(value);
    }
}
