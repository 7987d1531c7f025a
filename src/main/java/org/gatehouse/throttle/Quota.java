package org.gatehouse.throttle;

import java.time.Duration;

/**
 * The maximum number of attempts within a fixed window of time.
 *
 * @param name distinguishes the count of this quota from other counts under the same key
 * @param limit the attempts allowed in one window, at least 1
 * @param window the length of a window. A window starts with its first attempt. A period of this length that overlaps
 *     two windows may contain up to twice the limit.
 */
public record Quota(String name, int limit, Duration window) {
    public Quota {
        if (limit < 1 || window.toMillis() < 1) {
            throw new IllegalArgumentException("limit and window must be positive");
        }
    }

    /** Returns the same quota, counted separately under another name. */
    public Quota named(String other) {
        return new Quota(other, limit, window);
    }
}
