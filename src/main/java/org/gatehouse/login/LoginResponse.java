package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The body of the response to a login or a refresh. No other output contains the tokens.
 *
 * @param token the access token
 * @param expiresIn how long the access token is valid, in seconds from now
 * @param refreshToken the token for the next refresh
 * @param refreshExpiresIn how long the session lasts without a refresh, in seconds from now
 */
record LoginResponse(
        String status,
        String message,
        String token,
        String tokenType,
        long expiresIn,
        String refreshToken,
        long refreshExpiresIn,
        ObjectNode user) {
    @Override
    public String toString() {
        return "LoginResponse[REDACTED]";
    }
}
