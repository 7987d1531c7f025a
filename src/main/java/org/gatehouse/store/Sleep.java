package org.gatehouse.store;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sleeps between retries. */
public final class Sleep {
    private Sleep() {}

    /** Returns {@code false}, with the interrupt status set, if the thread was interrupted. */
    public static boolean of(Duration duration) {
        try {
            TimeUnit.NANOSECONDS.sleep(duration.toNanos());
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
