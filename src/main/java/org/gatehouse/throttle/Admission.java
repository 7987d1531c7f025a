package org.gatehouse.throttle;

import java.util.List;
import java.util.Map;

/** Something that was let through and counted. */
public final class Admission {
    private final List<Counters> counters;
    private final String key;
    private final Map<String, Tally> windows;

    /** @param counters where it was counted */
    Admission(List<Counters> counters, String key, Map<String, Tally> windows) {
        this.counters = counters;
        this.key = key;
        this.windows = windows;
    }

    /**
     * Takes the count back, for what did not happen after all; to be called once at most. Lost, so that it stays counted,
     * when Redis cannot be reached any more.
     */
    public void giveBack() {
        giveBack(windows);
    }

    /** The same for one of the quotas only. */
    public void giveBack(String name) {
        Tally window = windows.get(name);
        if (window != null) {
            giveBack(Map.of(name, window));
        }
    }

    private void giveBack(Map<String, Tally> some) {
        counters.forEach(counted -> counted.giveBack(key, some));
    }
}
