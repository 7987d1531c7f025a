package org.gatehouse.bench;

import java.time.Duration;

/** How long everything is measured: {@code -Dgatehouse.bench.scale=0.1} for a look, more for quieter figures. */
final class Scale {
    private static final double FACTOR = Double.parseDouble(System.getProperty("gatehouse.bench.scale", "1"));

    private Scale() {}

    /** How many times, of so many ordinarily. */
    static int times(int ordinarily) {
        return Math.max(2, (int) Math.round(ordinarily * FACTOR));
    }

    /** How long, of this time ordinarily. */
    static Duration time(Duration ordinarily) {
        return Duration.ofMillis(Math.max(500, Math.round(ordinarily.toMillis() * FACTOR)));
    }
}
