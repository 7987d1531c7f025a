package org.gatehouse.session;

import java.time.Instant;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A login that has not been ended by itself; whether it counts is also its user's to say.
 *
 * @param epoch the number of the user's {@link org.gatehouse.identity.SessionEpoch} at the login
 * @param lastSeenAt the login or the latest refresh
 * @param expiresAt when it ends unless it is refreshed before
 * @param ip the address of the login
 * @param userAgent what the client of the login called itself; empty text when it did not say
 */
record Session(
        SessionId id,
        UserId userId,
        long epoch,
        Instant createdAt,
        Instant lastSeenAt,
        Instant expiresAt,
        String ip,
        String userAgent) {
    LiveSession live() {
        return new LiveSession(id, userId, epoch);
    }
}
