package org.gatehouse.throttle;

import java.time.Instant;

/**
 * What was counted so far in the window that runs.
 *
 * @param endsAt when the window ends and the count with it
 */
public record Tally(int count, Instant endsAt) {
    Tally oneMore() {
        return new Tally(count + 1, endsAt);
    }

    public Tally larger(Tally other) {
        return count >= other.count ? this : other;
    }
}
