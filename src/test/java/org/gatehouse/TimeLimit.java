package org.gatehouse;

import java.time.Duration;

/**
 * The time limit of a test for an operation with a promised duration.
 *
 * <p>On an idle machine, as the profiles {@code full} and {@code timing} assume, the limit is the promised duration.
 * Otherwise it is much longer, because the machine may stop any process for seconds; a test then fails only if the
 * operation never ends.
 */
public final class TimeLimit {
    private static final boolean IDLE = Boolean.getBoolean("gatehouse.timing");

    /** More than the longest of the service's own timeouts, and far less than the timeout of a build. */
    private static final Duration EXTRA_TIME = Duration.ofSeconds(60);

    private TimeLimit() {}

    /** Returns the limit for this promised duration. */
    public static Duration of(Duration promised) {
        return IDLE ? promised : promised.plus(EXTRA_TIME);
    }
}
