package org.gatehouse.error;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.gatehouse.error.FieldErrors.FieldError;
import org.jspecify.annotations.Nullable;

/**
 * The exception that reports an {@link ErrorCode} to the caller.
 *
 * <p>The message is written for the caller and does not contain internal details. The cause, if any, is only logged.
 * Exceptions without a cause do not have a stack trace, because they lead to ordinary responses.
 */
public final class GatehouseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient List<FieldError> errors;
    private final @Nullable Duration retryAfter;
    private final @Nullable Instant expiredAt;
    private final @Nullable String hint;
    private final transient @Nullable ObjectNode details;

    public GatehouseException(ErrorCode code) {
        this(code, code.message());
    }

    public GatehouseException(ErrorCode code, String message) {
        this(code, message, null, List.of(), null, null, null, null);
    }

    private GatehouseException(
            ErrorCode code,
            String message,
            @Nullable Throwable cause,
            List<FieldError> errors,
            @Nullable Duration retryAfter,
            @Nullable Instant expiredAt,
            @Nullable String hint,
            @Nullable ObjectNode details) {
        super(message, cause, false, cause != null);
        this.code = code;
        this.errors = List.copyOf(errors);
        this.retryAfter = retryAfter;
        this.expiredAt = expiredAt;
        this.hint = hint;
        this.details = details;
    }

    static GatehouseException invalid(ErrorCode code, List<FieldError> errors) {
        return new GatehouseException(code, code.message(), null, errors, null, null, null, null);
    }

    /** Returns {@code VALIDATION_FAILED} for one field. */
    public static GatehouseException invalid(String field, String message) {
        return invalid(ErrorCode.VALIDATION_FAILED, List.of(new FieldError(field, message)));
    }

    /** Returns {@code TOKEN_EXPIRED} with the time of expiry, which the legacy service also returned. */
    public static GatehouseException expired(Instant expiredAt) {
        ErrorCode code = ErrorCode.TOKEN_EXPIRED;
        return new GatehouseException(code, code.message(), null, List.of(), null, expiredAt, null, null);
    }

    /** Returns a temporary failure. The caller may retry after {@code retryAfter}. */
    public static GatehouseException temporary(ErrorCode code, Duration retryAfter, @Nullable Throwable cause) {
        return new GatehouseException(code, code.message(), cause, List.of(), retryAfter, null, null, null);
    }

    /**
     * Returns a copy of this exception with a sentence on how the caller can avoid the failure.
     *
     * @param sentence must not contain text from the request
     */
    public GatehouseException withHint(String sentence) {
        return new GatehouseException(
                code,
                Objects.requireNonNullElse(getMessage(), code.message()),
                getCause(),
                errors,
                retryAfter,
                expiredAt,
                sentence,
                details);
    }

    /**
     * Returns an exception with more members of the error body.
     *
     * @param details the members, such as the {@code challenge} of {@code FACTOR_REQUIRED}; not to be modified later
     */
    public static GatehouseException withDetails(ErrorCode code, ObjectNode details) {
        return new GatehouseException(code, code.message(), null, List.of(), null, null, null, details);
    }

    public ErrorCode code() {
        return code;
    }

    /** Returns the invalid fields for {@code VALIDATION_FAILED} or {@code CREDENTIALS_MISSING}, else an empty list. */
    public List<FieldError> errors() {
        return errors;
    }

    /** Returns the time to wait before a retry; empty if a retry would not help. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** Returns the time when the token expired; empty unless the code is {@code TOKEN_EXPIRED}. */
    public Optional<Instant> expiredAt() {
        return Optional.ofNullable(expiredAt);
    }

    /** Returns a sentence on how the caller can avoid the failure; empty if the message is sufficient. */
    public Optional<String> hint() {
        return Optional.ofNullable(hint);
    }

    /** Returns more members of the error body; empty for most codes. */
    public Optional<ObjectNode> details() {
        return Optional.ofNullable(details);
    }
}
