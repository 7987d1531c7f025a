package org.gatehouse.fault;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sleeps for a fixed time. Tests need such a sleep for the length of a fault and for the pace of a load. */
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
