package org.gatehouse.key;

import java.time.Duration;

/**
 * When keys follow each other.
 *
 * @param rotation how long a key signs before the next one does
 * @param lead how long a key is published before it signs, so that whoever keeps a copy of the JWK set has it in time
 * @param lifetime how long the tokens live that are signed with it
 */
public record KeySchedule(Duration rotation, Duration lead, Duration lifetime) {
    /** Services keep a JWK set for minutes, rarely for an hour. */
    private static final Duration MAX_LEAD = Duration.ofHours(1);

    /** A revoked key is believed by other services until their copy of the set has run out. */
    private static final Duration MAX_AGE = Duration.ofMinutes(5);

    /** Clocks of nodes differ by seconds, and a node may sign with a key for as long as its lease on it runs. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    public KeySchedule {
        if (rotation.isNegative() || rotation.isZero() || lead.isNegative() || lead.compareTo(rotation) > 0) {
            throw new IllegalArgumentException("a rotation must be positive, and its lead no longer than itself");
        }
    }

    /** The schedule for this rotation, with a lead of a quarter of it, an hour at most. */
    public static KeySchedule every(Duration rotation, Duration lifetime) {
        return new KeySchedule(rotation, shorter(rotation.dividedBy(4), MAX_LEAD), lifetime);
    }

    /** How long others may keep a copy of the JWK set: half the lead at most, so that a copy always has the next key. */
    public Duration maxAge() {
        return shorter(lead.dividedBy(2), MAX_AGE);
    }

    /** How long a key is kept after its successor has taken over: until the last token signed with it has expired. */
    Duration retention() {
        return lifetime.plus(GRACE);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
