package org.gatehouse.throttle;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Counts under keys; each key has one count for each name of a quota.
 *
 * <p>Each operation is done in one step: whatever runs at the same time, on any thread and any node that shares the
 * counters, no window ever holds more than its limit. Empty and false mean that the counters could not be asked.
 */
interface Counters {
    /** Counts one under each quota, or under none when one of them is full. */
    Optional<Count> count(String key, List<Quota> quotas);

    /**
     * Takes one away from each of these windows that still runs, as if it had never been counted.
     *
     * @param windows by the names of their quotas, as {@link Count} has them; of each tally only the end matters
     */
    void giveBack(String key, Map<String, Tally> windows);

    /** Ends the window of this name, with all that was counted in it. */
    void forget(String key, String name);

    /** What is counted under this key, by name. */
    Optional<Map<String, Tally>> tallies(String key);

    /** Ends every window of this key. */
    boolean clear(String key);
}
