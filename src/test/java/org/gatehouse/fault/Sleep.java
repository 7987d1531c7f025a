package org.gatehouse.fault;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sleeps in tests that need a length of time: the length of a fault, and the pace of a load. */
final class Sleep {
    private Sleep() {}

    static void millis(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopping);
        }
    }

    static void of(Duration duration) {
        millis(duration.toMillis());
    }
}
