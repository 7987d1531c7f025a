package org.gatehouse.store;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The wait before something is tried again. */
public final class Pause {
    private Pause() {}

    /** Waits; false when the thread is to stop instead, which it stays told. */
    public static boolean of(Duration length) {
        try {
            TimeUnit.NANOSECONDS.sleep(length.toNanos());
            return true;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
