package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session with its latest authentication, for a new access token.
 *
 * @param expiresAt when the session expires unless it is refreshed earlier
 */
public record AuthenticatedSession(SessionId id, UserId userId, Instant expiresAt, Authentication authentication) {}
