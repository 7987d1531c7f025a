package org.gatehouse.error;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lists every failure that is reported to callers, with a stable code, an HTTP status and a message.
 *
 * <p>Clients branch on the code. An exception may have a more precise message than its code. Gatehouse replaces a
 * legacy service whose clients compare messages. Therefore the first block of messages and the names of token errors
 * are copied from that service.
 */
public enum ErrorCode {
    CREDENTIALS_MISSING(400, "Username or password field is missing!"),
    CREDENTIALS_WRONG(401, "Wrong username or password!"),
    TOKEN_MISSING(401, "jwt must be provided", "JsonWebTokenError"),
    TOKEN_MALFORMED(401, "jwt malformed", "JsonWebTokenError"),
    TOKEN_INVALID(401, "invalid signature", "JsonWebTokenError"),
    TOKEN_EXPIRED(401, "jwt expired", "TokenExpiredError"),
    SESSION_ENDED(401, "session ended", "JsonWebTokenError"),
    USER_NOT_FOUND(404, "Data not found."),

    BODY_MALFORMED(400, "The body is not valid JSON."),
    BODY_TOO_LARGE(413, "The body is too large."),
    TOKEN_AMBIGUOUS(400, "The request carries two different tokens."),
    VALIDATION_FAILED(400, "Some fields are not acceptable."),
    BAD_REQUEST(400, "The request is malformed."),
    REFRESH_TOKEN_INVALID(401, "The refresh token is not valid."),
    METRICS_TOKEN_WRONG(401, "The metrics token is missing or wrong."),
    CLIENT_WRONG(401, "Unknown client or wrong secret."),
    CLIENT_AMBIGUOUS(400, "The request authenticates in two ways."),
    GRANT_TYPE_UNSUPPORTED(400, "The only grant_type is client_credentials."),
    PROOF_INVALID(400, "The proof is not valid."),
    CREDENTIAL_INVALID(400, "The credential of the passkey is not valid."),
    FACTOR_REQUIRED(401, "A second factor is required; see POST /login/factor."),
    FACTOR_WRONG(401, "The code or the passkey is not right."),
    CHALLENGE_INVALID(401, "The challenge is not valid; begin again."),
    INSUFFICIENT_USER_AUTHENTICATION(
            401, "This call requires a more recent or a stronger authentication; see POST /login/step-up."),
    SCOPE_INVALID(400, "The scope contains a role that the service does not have."),
    FORBIDDEN(403, "You are not allowed to do this."),
    COOKIE_NOT_ALLOWED(
            403,
            "The cookie requires the Content-Type application/json, and the header Sec-Fetch-Site of a page of the same"
                    + " origin, or of the same site and in CORS_ORIGINS."),
    FACTOR_ENROLMENT_REQUIRED(403, "Your role requires a second factor; add one with POST /factor/totp or /passkey."),
    ACCOUNT_LEAVING(403, "This account will be deleted; log in with keepAccount to keep it."),
    NOT_FOUND(404, "There is nothing at this path."),
    SESSION_NOT_FOUND(404, "There is no such session."),
    SERVICE_NOT_FOUND(404, "The service does not exist."),
    MAIL_NOT_FOUND(404, "The mail does not exist."),
    FACTOR_NOT_FOUND(404, "The factor does not exist."),
    METHOD_NOT_ALLOWED(405, "This path does not support that method."),
    BODY_TIMEOUT(408, "The body did not arrive in time."),
    NOT_ACCEPTABLE(406, "None of the media types in Accept is available here."),
    USERNAME_TAKEN(409, "This username is taken."),
    EMAIL_NEEDS_PROOF(409, "The verified address of an account is changed with PUT /user/{id}/email."),
    EMAIL_TAKEN(409, "Another account has verified this address."),
    EMAIL_MISSING(409, "The account does not have an address."),
    MAIL_NOT_RETRYABLE(409, "A mail that is sent, void or expired is not sent again."),
    FACTOR_LIMIT(409, "The account has the maximum number of factors of this type."),
    FACTOR_MISSING(409, "The account does not have a second factor."),
    FACTOR_REQUIRED_BY_ROLE(409, "A role requires a second factor, so the last one cannot be removed."),
    LAST_ADMINISTRATOR(409, "The last active administrator cannot be demoted, disabled or deleted."),
    SECRET_LIMIT(409, "The service already has two valid secrets; wait until one ends, or end both at once."),
    KEYS_FIXED(409, "With AUTH_ALG=HS256 the key is AUTH_KEY itself; change it in the settings."),
    IDEMPOTENCY_KEY_IN_USE(409, "A request with this Idempotency-Key is in progress; try again shortly."),
    VERSION_MISMATCH(412, "The user has changed since you read it."),
    UNSUPPORTED_MEDIA_TYPE(415, "This Content-Type is not supported here."),
    IDEMPOTENCY_KEY_REUSED(422, "This Idempotency-Key was used with another body; use a new one."),
    LOGIN_THROTTLED(429, "Too many attempts to log in; try again later."),
    TOO_MANY_REQUESTS(429, "Too many requests of this kind; try again later."),
    INTERNAL(500, "Something went wrong on our side; quote the request id to the operator."),
    BUSY(503, "The server is overloaded; try again shortly."),
    MAIL_NOT_CONFIGURED(503, "This server does not send mail, because SMTP_URL is not set."),
    PASSKEYS_NOT_CONFIGURED(
            503, "This server does not support passkeys, because neither RP_ID nor a PUBLIC_URL with https is set."),
    STORE_UNAVAILABLE(503, "The user store cannot be reached; try again shortly.");

    private final int status;
    private final String message;
    private final @Nullable String legacyName;

    ErrorCode(int status, String message) {
        this(status, message, null);
    }

    ErrorCode(int status, String message, @Nullable String legacyName) {
        this.status = status;
        this.message = message;
        this.legacyName = legacyName;
    }

    public int status() {
        return status;
    }

    /** Returns the message for the caller. An exception may have a more precise message. */
    public String message() {
        return message;
    }

    /** Returns the error name that the legacy service returned with token errors; empty for all other errors. */
    public Optional<String> legacyName() {
        return Optional.ofNullable(legacyName);
    }
}
