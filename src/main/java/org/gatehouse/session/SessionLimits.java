package org.gatehouse.session;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/**
 * How long a session may last.
 *
 * @param idle the maximum time without a refresh
 * @param max the maximum time in total
 */
record SessionLimits(Duration idle, Duration max) {
    /** How long after its first use a refresh token still returns the same successor. */
    static final Duration GRACE = Duration.ofSeconds(10);

    Instant expiry(Instant createdAt, Instant now) {
        return Collections.min(List.of(now.plus(idle), createdAt.plus(max)));
    }
}
