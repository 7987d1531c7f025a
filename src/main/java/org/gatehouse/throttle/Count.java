package org.gatehouse.throttle;

import java.time.Duration;
import java.util.Map;

/**
 * What came of counting: it was counted under every quota, or one of them was full and it was counted under none.
 *
 * @param delay until there is room under every quota; zero when it was counted
 * @param tallies of the windows that now run, by the names of the quotas; the end of a window tells it from the next one
 */
record Count(Duration delay, Map<String, Tally> tallies) {
    Count {
        tallies = Map.copyOf(tallies);
    }
}
