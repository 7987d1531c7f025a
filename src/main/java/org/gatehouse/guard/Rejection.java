package org.gatehouse.guard;

import org.jspecify.annotations.Nullable;

/**
 * The reason why a request is not passed to the application, as RFC 6750, section 3, describes it. The description is a
 * fixed sentence, so it contains nothing of the token.
 */
final class Rejection extends Exception {
    static final String REALM = "realm=\"gatehouse\"";
    private static final String SCHEME = "Bearer " + REALM;
    private static final long serialVersionUID = 1L;

    /** The time in seconds after which an unreachable Gatehouse is called again; see {@link IssuerConnection}. */
    private static final int RETRY_AFTER = 1;

    private final int status;
    private final @Nullable String challenge;

    private Rejection(int status, String description, @Nullable String challenge) {
        // Without a stack trace, because a rejected request must cost less than an accepted one.
        super(description, null, false, false);
        this.status = status;
        this.challenge = challenge;
    }

    /** The request has no token. The challenge then has no error (RFC 6750, section 3.1). */
    static Rejection missing() {
        return new Rejection(401, "An access token is required.", SCHEME);
    }

    static Rejection invalidToken(String description) {
        return new Rejection(401, description, challenge("invalid_token", description));
    }

    static Rejection invalidRequest(String description) {
        return new Rejection(400, description, challenge("invalid_request", description));
    }

    /** @param scope the roles of which the caller needs one, separated by spaces; null if they are not scope tokens */
    static Rejection insufficientScope(@Nullable String scope) {
        String description = "The caller does not have a required role.";
        String challenge = challenge("insufficient_scope", description);
        return new Rejection(403, description, scope == null ? challenge : challenge + ", scope=\"" + scope + "\"");
    }

    /**
     * The token is valid, but the authentication is too old, or of a lower class (RFC 9470, section 3).
     *
     * @param maxAge the maximum age in seconds; null for any
     * @param acr the required class; null for any
     */
    static Rejection insufficientAuthentication(@Nullable Integer maxAge, @Nullable String acr) {
        String description = "A more recent or a stronger authentication is required.";
        String challenge = challenge("insufficient_user_authentication", description);
        challenge = maxAge == null ? challenge : challenge + ", max_age=\"" + maxAge + "\"";
        return new Rejection(401, description, acr == null ? challenge : challenge + ", acr_values=\"" + acr + "\"");
    }

    /** The token could not be checked, so it is neither accepted nor called invalid. */
    static Rejection unavailable() {
        return new Rejection(503, "The access token cannot be checked at present.", null);
    }

    /** Returns the challenge of a 403 that the application itself sends to an authenticated caller. */
    static String forbiddenByApplication() {
        return SCHEME + ", error=\"insufficient_scope\"";
    }

    /** Returns the challenge of a 401 that the application itself sends. */
    static String unauthorizedByApplication() {
        return SCHEME;
    }

    private static String challenge(String error, String description) {
        return SCHEME + ", error=\"" + error + "\", error_description=\"" + description + "\"";
    }

    int status() {
        return status;
    }

    String description() {
        return String.valueOf(getMessage());
    }

    /** Returns the value of {@code WWW-Authenticate}; null for 503. */
    @Nullable
    String challenge() {
        return challenge;
    }

    /** Returns the value of {@code Retry-After} in seconds; null if repeating the request would not help. */
    @Nullable
    Integer retryAfter() {
        return status == 503 ? RETRY_AFTER : null;
    }
}
