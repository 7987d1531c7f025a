package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that was just started or refreshed, with the refresh token to use next.
 *
 * @param refreshToken for the client only; Gatehouse does not store it
 * @param expiresAt when the session expires unless it is refreshed before
 */
public record StartedSession(SessionId id, UserId userId, String refreshToken, Instant expiresAt) {
    @Override
    public String toString() {
        return "StartedSession[" + userId + "]";
    }
}
