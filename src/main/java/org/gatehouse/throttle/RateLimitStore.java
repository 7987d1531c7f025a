package org.gatehouse.throttle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stores rate-limit counts; each key has one count per quota name.
 *
 * <p>Each operation is atomic: a window never holds more than its limit, whatever runs concurrently on any thread or
 * node that shares the store. An empty result or {@code false} means that the store is unavailable.
 */
interface RateLimitStore {
    /**
     * The result of an attempt to count: one was added under every quota, or under none because at least one was full.
     *
     * @param delay the time until every quota allows another attempt; zero if the attempt was counted
     * @param counts the current windows by quota name; the end of a window distinguishes it from later windows
     */
    record CountResult(Duration delay, Map<String, WindowCount> counts) {
        public CountResult {
            counts = Map.copyOf(counts);
        }
    }

    /** Adds one under each quota, or under none if one of them is full. */
    Optional<CountResult> increment(String key, List<Quota> quotas);

    /**
     * Subtracts one from each of these windows that has not ended.
     *
     * @param windows by quota name, as in {@link CountResult}; of each value only the end is used
     */
    void refund(String key, Map<String, WindowCount> windows);

    /** Deletes the count of this name. */
    void remove(String key, String name);

    /** Returns the counts under this key, by quota name. */
    Optional<Map<String, WindowCount>> counts(String key);

    /** Deletes all counts of this key. */
    boolean clear(String key);
}
