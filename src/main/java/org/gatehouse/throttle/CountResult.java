package org.gatehouse.throttle;

import java.time.Duration;
import java.util.Map;

/**
 * The result of an attempt to count: one was added under every quota, or under none because at least one was full.
 *
 * @param delay the time until every quota allows another attempt; zero if the attempt was counted
 * @param counts the current windows by quota name; the end of a window distinguishes it from later windows
 */
record CountResult(Duration delay, Map<String, WindowCount> counts) {
    CountResult {
        counts = Map.copyOf(counts);
    }
}
