package org.gatehouse.throttle;

import java.time.Instant;

/**
 * The count in the current window.
 *
 * @param endsAt the time when the window ends and the count is discarded
 */
public record WindowCount(int count, Instant endsAt) {
    WindowCount incremented() {
        return new WindowCount(count + 1, endsAt);
    }

    public WindowCount max(WindowCount other) {
        return count >= other.count ? this : other;
    }
}
