package org.gatehouse.session;

import java.time.Duration;
import java.time.Instant;

/**
 * How long a session may last.
 *
 * @param idle without a refresh
 * @param max in all
 */
public record SessionLimits(Duration idle, Duration max) {
    /** How long after its first use a refresh token is answered again, with the same successor. */
    static final Duration GRACE = Duration.ofSeconds(10);

    Instant expiry(Instant createdAt, Instant now) {
        Instant ofIdleness = now.plus(idle);
        Instant ofAge = createdAt.plus(max);
        return ofIdleness.isBefore(ofAge) ? ofIdleness : ofAge;
    }
}
