package org.gatehouse.throttle;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stores rate-limit counts. Each key has one count per quota name.
 *
 * <p>Each operation is atomic across all threads and nodes that share the store. Therefore a count never exceeds the
 * limit of its window. An empty result or {@code false} means that the store is unavailable.
 */
interface RateLimitStore {
    /**
     * The result of {@link #increment}. An attempt is counted under every quota, or under none if a quota is full.
     *
     * @param delay the time until every quota allows another attempt; zero if the attempt was counted
     * @param counts the current windows by quota name; the end of a window distinguishes it from later windows
     */
    record CountResult(Duration delay, Map<String, WindowCount> counts) {
        public CountResult {
            counts = Map.copyOf(counts);
        }
    }

    /** Counts an attempt under each quota, or under none if a quota is full. */
    Optional<CountResult> increment(String key, List<Quota> quotas);

    /**
     * Subtracts one attempt from each of these windows, except from windows that have ended.
     *
     * @param windows the windows by quota name, as in {@link CountResult}; only the end of each window is used
     */
    default void refund(String key, Map<String, WindowCount> windows) {
        refundAsync(key, windows, List.of()).run();
    }

    /**
     * Starts to subtract attempts like {@link #refund}, and to delete the counts of the given names under this key.
     *
     * @return waits until the store has done both
     */
    Runnable refundAsync(String key, Map<String, WindowCount> windows, List<String> removed);

    /** Returns the counts under this key, by quota name. */
    Optional<Map<String, WindowCount>> counts(String key);

    /** Deletes all counts of this key. */
    boolean clear(String key);
}
