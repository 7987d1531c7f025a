package org.gatehouse.testing;

import java.time.Duration;

/**
 * The time limit of a test for an operation that must end within a promised duration.
 *
 * <p>The profiles {@code full} and {@code timing} require an idle machine. There, the limit is the promised duration.
 * In other runs the limit is 60 s longer, because a busy machine may stop any process for seconds. Then a test fails
 * only if the operation does not end at all.
 */
public final class TimeLimit {
    private static final boolean IDLE = Boolean.getBoolean("gatehouse.timing");

    /** This time is longer than every timeout of the service and far shorter than the timeout of a build. */
    private static final Duration EXTRA_TIME = Duration.ofSeconds(60);

    private TimeLimit() {}

    /** Returns the limit for this promised duration. */
    public static Duration of(Duration promised) {
        return IDLE ? promised : promised.plus(EXTRA_TIME);
    }
}
