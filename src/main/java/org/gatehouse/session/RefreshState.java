package org.gatehouse.session;

import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session, and the hashes that determine which refresh tokens are accepted.
 *
 * @param current the hash of the session's current refresh token
 * @param previous the hash of the previous refresh token; null until the first refresh
 * @param rotatedAt when the previous token was first used; null until the first refresh
 * @param mask the mask of the current token; see {@link RefreshSuccessors}
 */
@SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
record RefreshState(
        Session session,
        byte[] current,
        byte @Nullable [] previous,
        @Nullable Instant rotatedAt,
        byte @Nullable [] mask) {
    boolean isCurrent(RefreshToken token) {
        return MessageDigest.isEqual(current, token.hash());
    }

    /** Returns whether this is the previous token, and its first use is less than {@link SessionLimits#GRACE} ago. */
    boolean isRepeatable(RefreshToken token, Instant now) {
        return previous != null
                && MessageDigest.isEqual(previous, token.hash())
                && rotatedAt != null
                && rotatedAt.isAfter(now.minus(SessionLimits.GRACE));
    }
}
