package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that was not ended individually. It is valid if it has not expired and both epochs allow it.
 *
 * @param epoch the number of the user's {@link org.gatehouse.identity.SessionEpoch} at the login
 * @param globalEpoch the number of the epoch of all users at the login
 * @param lastSeenAt the time of the login or the latest refresh
 * @param expiresAt when the session expires unless it is refreshed earlier
 * @param ip the address of the client at the login
 * @param userAgent the {@code User-Agent} header of the login; empty if the client did not send one
 * @param authentication the latest authentication: the login, or a later step-up
 */
record Session(
        SessionId id,
        UserId userId,
        long epoch,
        long globalEpoch,
        Instant createdAt,
        Instant lastSeenAt,
        Instant expiresAt,
        String ip,
        String userAgent,
        Authentication authentication) {
    LiveSession live() {
        return new LiveSession(id, userId, epoch, globalEpoch);
    }
}
