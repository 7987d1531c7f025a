package org.gatehouse.session;

import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session with the hashes that decide which refresh tokens it accepts.
 *
 * @param current hash of the last token that was given out
 * @param previous hash of the token before, null until the first refresh
 * @param rotatedAt the first use of the token before
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

    /** Whether the token is the one before the last, and was used for the first time a short time ago. */
    boolean isRepeatable(RefreshToken token, Instant now) {
        return previous != null
                && MessageDigest.isEqual(previous, token.hash())
                && rotatedAt != null
                && rotatedAt.isAfter(now.minus(SessionLimits.GRACE));
    }
}
