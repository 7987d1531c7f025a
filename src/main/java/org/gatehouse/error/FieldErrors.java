package org.gatehouse.error;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what is wrong with a request's fields, so that the caller hears of all of it at once.
 *
 * <p>"All" ends at {@link #MAX_ERRORS}, and a name is cut: a hostile body must not buy an answer larger than itself.
 */
public final class FieldErrors {
    private static final int MAX_ERRORS = 50;
    private static final int MAX_NAME_LENGTH = 100;

    private final List<FieldError> errors = new ArrayList<>();
    private @Nullable String hint;

    /** Whether another error would be left out. */
    public boolean isFull() {
        return errors.size() >= MAX_ERRORS;
    }

    public void add(String field, String message) {
        if (!isFull()) {
            String shown = field.length() > MAX_NAME_LENGTH ? field.substring(0, MAX_NAME_LENGTH) + "..." : field;
            errors.add(new FieldError(shown, message));
        }
    }

    /** Adds a sentence on how the caller can avoid the errors; the first one is kept. Never a text of the caller. */
    public void hint(String sentence) {
        if (hint == null) {
            hint = sentence;
        }
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
        throwIfAny(ErrorCode.VALIDATION_FAILED);
    }

    /**
     * The same under another code.
     *
     * @throws GatehouseException of this code with every complaint
     */
    public void throwIfAny(ErrorCode code) {
        if (!errors.isEmpty()) {
            GatehouseException failure = GatehouseException.invalid(code, errors);
            throw hint == null ? failure : failure.withHint(hint);
        }
    }
}
