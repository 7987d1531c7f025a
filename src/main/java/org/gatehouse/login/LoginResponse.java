package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import org.gatehouse.json.Json;
import org.gatehouse.user.User;
import org.gatehouse.user.UserJson;

/**
 * The result of a successful login or refresh. Its {@code toString} contains no token.
 *
 * @param token the access token
 * @param lifetime how long the access token is valid, from now
 * @param refreshToken the token for the next refresh
 * @param refreshLifetime how long the session lasts without a refresh, from now
 */
record LoginResponse(User user, String token, Duration lifetime, String refreshToken, Duration refreshLifetime) {
    /** Returns the response body, the only output that contains the tokens. */
    byte[] answer(String message) {
        ObjectNode answer = Json.MAPPER.createObjectNode();
        answer.put("status", "success");
        answer.put("message", message);
        answer.put("token", token);
        answer.put("tokenType", "Bearer");
        answer.put("expiresIn", lifetime.toSeconds());
        answer.put("refreshToken", refreshToken);
        answer.put("refreshExpiresIn", refreshLifetime.toSeconds());
        answer.set("user", UserJson.write(user));
        return Json.write(answer);
    }

    @Override
    public String toString() {
        return "LoginResponse[" + user.id() + "]";
    }
}
