package org.gatehouse.throttle;

import java.time.Duration;

/**
 * How often something may be done.
 *
 * @param name tells this count from the others under the same key
 * @param limit how often in one window, at least once
 * @param window begins with the first count and has a fixed end, so around an end twice the limit may fit into one window's
 *     time
 */
public record Quota(String name, int limit, Duration window) {
    public Quota {
        if (limit < 1 || window.toMillis() < 1) {
            throw new IllegalArgumentException("a quota allows something, for some time");
        }
    }

    /** The same quota, counted apart under another name. */
    public Quota named(String other) {
        return new Quota(other, limit, window);
    }
}
