package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that was just started or refreshed, with the client's next refresh token.
 *
 * @param refreshToken the token for the client; Gatehouse stores only its hash
 * @param expiresAt when the session expires unless it is refreshed earlier
 * @param authentication the latest authentication in this session
 */
public record StartedSession(
        SessionId id, UserId userId, String refreshToken, Instant expiresAt, Authentication authentication) {
    /** Returns what an access token of this session needs. */
    public AuthenticatedSession authenticated() {
        return new AuthenticatedSession(id, userId, expiresAt, authentication);
    }

    @Override
    public String toString() {
        return "StartedSession[" + userId + "]";
    }
}
