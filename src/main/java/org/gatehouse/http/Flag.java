package org.gatehouse.http;

import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/** A parameter of a URL that is either {@code true} or {@code false}, and false where it is absent. */
public final class Flag {
    private Flag() {}

    /**
     * What the parameter says.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} when it is neither
     */
    public static boolean parse(String name, @Nullable String value) {
        if (value == null || value.equals("false")) {
            return false;
        }
        if (value.equals("true")) {
            return true;
        }
        throw GatehouseException.invalid(name, "must be true or false");
    }
}
