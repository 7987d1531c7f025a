package org.gatehouse.key;

import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * Determines when keys are created, become active and are deleted.
 *
 * @param rotation how long a key signs before the next key replaces it
 * @param lead how long a key is published before it signs, so that services renew a cached JWK set in time
 * @param lifetime how long a token is valid after it is signed
 */
public record KeySchedule(Duration rotation, Duration lead, Duration lifetime) {
    /** Services cache a JWK set for minutes, rarely for up to an hour. */
    private static final Duration MAX_LEAD = Duration.ofHours(1);

    /** The limit is short, because services accept a revoked key until their cached JWK set expires. */
    private static final Duration MAX_AGE = Duration.ofMinutes(5);

    /** This time covers clocks that differ by seconds, and the lease of a node that still signs with the old key. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    public KeySchedule {
        if (rotation.isNegative() || rotation.isZero() || lead.isNegative() || lead.compareTo(rotation) > 0) {
            throw new IllegalArgumentException(
                    "the rotation must be positive, and the lead must be from zero to the rotation");
        }
    }

    /** Returns a schedule whose lead is a quarter of the rotation, but at most one hour. */
    public static KeySchedule every(Duration rotation, Duration lifetime) {
        return new KeySchedule(rotation, Collections.min(List.of(rotation.dividedBy(4), MAX_LEAD)), lifetime);
    }

    /**
     * Returns how long clients may cache the JWK set: at most half of the lead, so that caches contain a key before it
     * signs.
     */
    public Duration maxAge() {
        return Collections.min(List.of(lead.dividedBy(2), MAX_AGE));
    }

    /** Returns how long a key is kept after its successor becomes active: until all tokens of the key have expired. */
    Duration retention() {
        return lifetime.plus(GRACE);
    }
}
