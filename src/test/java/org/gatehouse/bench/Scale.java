package org.gatehouse.bench;

import java.time.Duration;

/**
 * Scales the length of all measurements. {@code -Dgatehouse.bench.scale=0.1} makes a quick run, and a larger value
 * reduces noise.
 */
final class Scale {
    private static final double FACTOR = Double.parseDouble(System.getProperty("gatehouse.bench.scale", "1"));

    private Scale() {}

    /** Scales a number of repetitions. The result is at least 2. */
    static int times(int base) {
        return Math.max(2, atLeastOnce(base));
    }

    /** Scales a number of long repetitions. The result is at least 1. */
    static int atLeastOnce(int base) {
        return Math.max(1, (int) Math.round(base * FACTOR));
    }

    /** Scales a time. The result is at least 500 ms. */
    static Duration time(Duration base) {
        return Duration.ofMillis(Math.max(500, Math.round(base.toMillis() * FACTOR)));
    }
}
