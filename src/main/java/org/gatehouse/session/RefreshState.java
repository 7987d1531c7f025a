package org.gatehouse.session;

import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session with the hashes that determine which refresh tokens it accepts.
 *
 * @param current the hash of the session's current refresh token
 * @param previous the hash of the token before it; null until the first refresh
 * @param rotatedAt when the previous token was first used; null until the first refresh
 * @param mask see {@link RefreshSuccessors}
 */
@SuppressWarnings("ArrayRecordComponent") // read once and never compared as a whole
record RefreshState(
        Session session,
        byte[] current,
        byte @Nullable [] previous,
        @Nullable Instant rotatedAt,
        byte @Nullable [] mask) {
    boolean isCurrent(RefreshToken token) {
        return MessageDigest.isEqual(current, token.hash());
    }

    /** Whether this is the previous token, and it was first used less than {@link SessionLimits#GRACE} ago. */
    boolean isRepeatable(RefreshToken token, Instant now) {
        return previous != null
                && MessageDigest.isEqual(previous, token.hash())
                && rotatedAt != null
                && rotatedAt.isAfter(now.minus(SessionLimits.GRACE));
    }
}
