package org.gatehouse.fault;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Sleeps where the test is about time itself: the length of a fault, and the pace of a load. */
final class Pause {
    private Pause() {}

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
