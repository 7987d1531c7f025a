package org.gatehouse.session;

import java.time.Instant;
import java.util.Optional;
import org.bson.BsonBinary;

/**
 * A session with the hashes that decide which refresh tokens it accepts.
 *
 * @param current hash of the last token that was given out
 * @param previous hash of the token before, empty until the first refresh
 * @param rotatedAt the first use of the token before
 * @param mask see {@link RefreshSuccessors}
 */
record RefreshState(
        Session session,
        BsonBinary current,
        Optional<BsonBinary> previous,
        Optional<Instant> rotatedAt,
        Optional<BsonBinary> mask) {
    boolean isCurrent(RefreshToken token) {
        return current.equals(new BsonBinary(token.hash()));
    }

    /** Whether the token is the one before the last, and was used for the first time a short time ago. */
    boolean isRepeatable(RefreshToken token, Instant now) {
        return previous.filter(new BsonBinary(token.hash())::equals).isPresent()
                && rotatedAt
                        .filter(firstUse -> firstUse.isAfter(now.minus(SessionLimits.GRACE)))
                        .isPresent();
    }
}
