package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that has just begun or gone on, with the token to go on with next time.
 *
 * @param refreshToken for the client only; exists nowhere else
 * @param expiresAt when the session ends unless it is refreshed before
 */
public record StartedSession(SessionId id, UserId userId, String refreshToken, Instant expiresAt) {
    @Override
    public String toString() {
        return "StartedSession[" + userId + "]";
    }
}
