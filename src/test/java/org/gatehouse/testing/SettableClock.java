package org.gatehouse.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that changes only when a test sets or advances it. */
public final class SettableClock extends Clock {
    private final Instant start;
    private final AtomicReference<Instant> now;

    public SettableClock(Instant start) {
        this.start = start;
        this.now = new AtomicReference<>(start);
    }

    /**
     * Returns a clock that is set to the current second. An external store expires data by its own clock, so both
     * clocks must agree.
     */
    public static SettableClock atNow() {
        return new SettableClock(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }

    public void set(Instant instant) {
        now.set(instant);
    }

    public void advance(Duration duration) {
        now.updateAndGet(before -> before.plus(duration));
    }

    /** Returns a clock that is behind this clock by the given duration. */
    public Clock behindBy(Duration duration) {
        return Clock.offset(this, duration.negated());
    }

    /**
     * Returns the time in ns by which this clock has advanced. Tests pass this method as the ticker of the tested code.
     */
    public long nanos() {
        return Duration.between(start, instant()).toNanos();
    }

    @Override
    public Instant instant() {
        return Objects.requireNonNull(now.get());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
