package org.gatehouse.error;

import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong with a request's fields, so that the caller hears of all of it at once. */
public final class FieldErrors {
    private final List<FieldError> errors = new ArrayList<>();

    public void add(String field, String message) {
        errors.add(new FieldError(field, message));
    }

    /** True when something was said of this field; a second complaint about it would only confuse. */
    public boolean concerns(String field) {
        return errors.stream().anyMatch(error -> error.field().equals(field));
    }

    /**
     * Ends the request if there was a complaint.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} with every complaint
     */
    public void throwIfAny() {
        if (!errors.isEmpty()) {
            throw GatehouseException.invalid(errors);
        }
    }
}
