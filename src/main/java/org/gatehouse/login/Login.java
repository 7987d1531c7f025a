package org.gatehouse.login;

import java.time.Duration;
import org.gatehouse.user.User;

/**
 * A login that succeeded.
 *
 * @param token the access token
 * @param lifetime how long the token is accepted, from now
 */
public record Login(User user, String token, Duration lifetime) {
    @Override
    public String toString() {
        return "Login[" + user.id() + "]";
    }
}
