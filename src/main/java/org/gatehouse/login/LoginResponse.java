package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import org.gatehouse.json.Json;
import org.gatehouse.user.User;
import org.gatehouse.user.UserJson;

/**
 * A login or a refresh that succeeded.
 *
 * @param token the access token
 * @param lifetime how long the token is accepted, from now
 * @param refreshToken what the next refresh takes
 * @param refreshLifetime how long the session lasts without a refresh, from now
 */
public record LoginResponse(User user, String token, Duration lifetime, String refreshToken, Duration refreshLifetime) {
    /** The answer to the client, the only place where the tokens go. */
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
        return "Login[" + user.id() + "]";
    }
}
