package org.gatehouse;

import java.time.Duration;

/**
 * How long something that is promised within a time may take in a test.
 *
 * <p>On a machine that does nothing else, as the profiles {@code full} and {@code timing} assume: as promised. Otherwise
 * much longer, because the machine may stop any process for seconds; then a test fails only if it never happens.
 */
public final class TimeLimit {
    private static final boolean QUIET = Boolean.getBoolean("gatehouse.timing");

    /** More than the longest of the service's own timeouts, and far less than what ends a build. */
    private static final Duration BUSY = Duration.ofSeconds(60);

    private TimeLimit() {}

    /** The limit for what is promised within this time. */
    public static Duration of(Duration promised) {
        return QUIET ? promised : promised.plus(BUSY);
    }
}
