package org.gatehouse.error;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects the errors in the fields of a request, so that all errors are reported together.
 *
 * <p>Errors beyond {@link #MAX_ERRORS} are omitted, and long names are truncated. Otherwise the response to a hostile
 * body could be larger than the body.
 */
public final class FieldErrors {
    /**
     * An invalid field of a request.
     *
     * @param field the name as the caller sent it, with dots between levels
     * @param message the rest of a sentence that begins with the field's name, such as "must be a string"
     */
    public record FieldError(String field, String message) {}

    private static final int MAX_ERRORS = 50;
    private static final int MAX_NAME_LENGTH = 100;

    private final List<FieldError> errors = new ArrayList<>();
    private @Nullable String hint;

    /** Returns whether {@link #add} omits further errors. */
    public boolean isFull() {
        return errors.size() >= MAX_ERRORS;
    }

    public void add(String field, String message) {
        if (!isFull()) {
            String shown = field.length() > MAX_NAME_LENGTH ? field.substring(0, MAX_NAME_LENGTH) + "..." : field;
            errors.add(new FieldError(shown, message));
        }
    }

    /**
     * Sets a sentence on how the caller can avoid the errors. Later sentences are ignored.
     *
     * @param sentence must not contain text from the request
     */
    public void hint(String sentence) {
        if (hint == null) {
            hint = sentence;
        }
    }

    /** Returns whether this field already has an error. Checks use this method, so that a field has only one error. */
    public boolean hasErrorFor(String field) {
        return errors.stream().anyMatch(error -> error.field().equals(field));
    }

    /** Throws {@code VALIDATION_FAILED} if there are errors. */
    public void throwIfAny() {
        throwIfAny(ErrorCode.VALIDATION_FAILED);
    }

    /** Throws an exception with this code if there are errors. */
    public void throwIfAny(ErrorCode code) {
        if (!errors.isEmpty()) {
            GatehouseException failure = GatehouseException.invalid(code, errors);
            throw hint == null ? failure : failure.withHint(hint);
        }
    }
}
