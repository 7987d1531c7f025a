package org.gatehouse.http;

import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/** A parameter of a URL that is either {@code true} or {@code false}, and false where it is absent. */
public final class Flag {
    private Flag() {}

    /** What the parameter says; complains of one that says neither. */
    public static boolean parse(String name, @Nullable String value, FieldErrors errors) {
        if (value != null && !value.equals("true") && !value.equals("false")) {
            errors.add(name, "must be true or false");
        }
        return "true".equals(value);
    }
}
