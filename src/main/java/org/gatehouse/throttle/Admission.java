package org.gatehouse.throttle;

import java.util.Map;

/** Something that was let through and counted. */
public final class Admission {
    private final Counters counters;
    private final String key;
    private final Map<String, Long> windows;

    Admission(Counters counters, String key, Map<String, Long> windows) {
        this.counters = counters;
        this.key = key;
        this.windows = windows;
    }

    /**
     * Takes the count back, for what did not happen after all; to be called once at most. Lost, so that it stays counted,
     * when Redis cannot be reached any more.
     */
    public void giveBack() {
        counters.giveBack(key, windows);
    }

    /** The same for one of the quotas only. */
    public void giveBack(String name) {
        Long window = windows.get(name);
        if (window != null) {
            counters.giveBack(key, Map.of(name, window));
        }
    }
}
