package org.gatehouse.login;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * The body of the response to a login or a refresh. No other output contains the tokens.
 *
 * @param token the access token
 * @param expiresIn how long the access token is valid, in seconds from now
 * @param refreshToken the token for the next refresh; null if the user must add a second factor
 * @param refreshExpiresIn how long the session lasts without a refresh, in seconds from now; null as the refresh token
 * @param enrolmentRequired true if the user must add a second factor, otherwise null; the access token only allows this
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record LoginResponse(
        String status,
        String message,
        String token,
        String tokenType,
        long expiresIn,
        @Nullable String refreshToken,
        @Nullable Long refreshExpiresIn,
        @Nullable Boolean enrolmentRequired,
        ObjectNode user) {
    @Override
    public String toString() {
        return "LoginResponse[REDACTED]";
    }
}
