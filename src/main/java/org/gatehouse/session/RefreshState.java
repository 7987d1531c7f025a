package org.gatehouse.session;

import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A session with the hashes that decide which refresh tokens it accepts.
 *
 * @param current hash of the last token that was given out
 * @param used the tokens before, the latest last: that one always, earlier ones only for {@link SessionLimits#GRACE} after
 *     their first use
 */
@SuppressWarnings("ArrayRecordComponent") // read once and never compared as a whole
record RefreshState(Session session, byte[] current, List<Used> used) {
    /** Bounds the document of a client that refreshes in a loop. */
    static final int MAX_USED = 32;

    /**
     * A token that has been exchanged.
     *
     * @param at its first use
     * @param mask of its successor; see {@link RefreshSuccessors}
     */
    @SuppressWarnings("ArrayRecordComponent") // as above
    record Used(byte[] hash, Instant at, Optional<byte[]> mask) {
        boolean isWithinGrace(Instant now) {
            return at.isAfter(now.minus(SessionLimits.GRACE));
        }
    }

    /**
     * What is known of the successor of a token.
     *
     * @param hash of the successor
     * @param latest whether the successor has not been used yet
     */
    @SuppressWarnings("ArrayRecordComponent") // as above
    record Given(byte[] hash, Optional<byte[]> mask, boolean latest) {}

    boolean isCurrent(RefreshToken token) {
        return MessageDigest.isEqual(current, token.hash());
    }

    /** The successor of a token that was used for the first time a short time ago; empty for any other. */
    Optional<Given> repeatable(RefreshToken token, Instant now) {
        for (int i = 0; i < used.size(); i++) {
            Used candidate = used.get(i);
            if (MessageDigest.isEqual(candidate.hash(), token.hash())) {
                boolean latest = i == used.size() - 1;
                return Optional.of(new Given(latest ? current : used.get(i + 1).hash(), candidate.mask(), latest))
                        .filter(given -> candidate.isWithinGrace(now));
            }
        }
        return Optional.empty();
    }

    /** The earlier tokens to keep beside the one that is used now. */
    List<Used> earlier(Instant now) {
        List<Used> kept =
                used.stream().filter(token -> token.isWithinGrace(now)).toList();
        return kept.subList(Math.max(0, kept.size() - MAX_USED), kept.size());
    }
}
