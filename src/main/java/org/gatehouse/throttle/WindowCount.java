package org.gatehouse.throttle;

import java.time.Instant;

/**
 * The count in the current window.
 *
 * @param endsAt when the window ends; the count is discarded then
 */
public record WindowCount(int count, Instant endsAt) {
    WindowCount incremented() {
        return new WindowCount(count + 1, endsAt);
    }

    public WindowCount max(WindowCount other) {
        return count >= other.count ? this : other;
    }
}
