package org.gatehouse.session;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/**
 * The limits on the duration of a session.
 *
 * @param idle the maximum time without a refresh
 * @param max the maximum time since the login
 */
record SessionLimits(Duration idle, Duration max) {
    /** For this time after the first use of a refresh token, its further uses receive the same successor. */
    static final Duration GRACE = Duration.ofSeconds(10);

    Instant expiry(Instant createdAt, Instant now) {
        return Collections.min(List.of(now.plus(idle), createdAt.plus(max)));
    }
}
