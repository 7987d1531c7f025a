package org.gatehouse.throttle;

import java.time.Duration;
import java.util.Map;

/**
 * What came of counting: it was counted under every quota, or one of them was full and it was counted under none.
 *
 * @param delay until there is room under every quota; zero when it was counted
 * @param windows by the name of each quota the end, in ms since 1970, of the window in which it was counted; the end tells
 *     a window from the next one
 */
record Count(Duration delay, Map<String, Long> windows) {
    Count {
        windows = Map.copyOf(windows);
    }

    static Count refused(Duration delay) {
        return new Count(delay, Map.of());
    }
}
