package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.user.User;

/**
 * A live session that was found by its current refresh token.
 *
 * @param lastSeenAt when the refresh token was issued
 * @param expiresAt when the session, and with it the refresh token, expires
 * @param authentication the latest authentication in the session
 */
public record RefreshableSession(
        SessionId id, User user, Instant lastSeenAt, Instant expiresAt, Authentication authentication) {}
