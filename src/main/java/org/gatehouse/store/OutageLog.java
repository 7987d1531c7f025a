package org.gatehouse.store;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs the outages of a store: one line at the start, one for each new reason, and one at the end.
 *
 * <p>Callers may report every failed and every successful call. In one outage, each reason is logged at most once per
 * {@link #REPEAT_INTERVAL}. All lines together are limited to {@link #MAX_LINES} per {@link #INTERVAL}, so that an
 * unstable store does not fill the log.
 */
final class OutageLog {
    /** A reason that alternates with other reasons is logged again after this time. */
    private static final Duration REPEAT_INTERVAL = Duration.ofMinutes(1);

    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int MAX_LINES = 60;

    /** Limits the memory for reasons; at this number, all stored reasons are removed. */
    private static final int MAX_REASONS = 50;

    private final Logger log;
    private final String recovery;
    private final Duration quiet;
    private final LongSupplier ticker;
    private final Map<String, Long> writtenAt = new HashMap<>();
    private volatile boolean open;
    private String lastReason = "";
    private long lastFailure;
    private boolean written;
    private long intervalStart;
    private int lines;

    /**
     * @param recovery the line that reports the end of an outage
     * @param quiet the quiet time: a success ends an outage only if nothing has failed for this time. If the time is
     *     not zero, a reason is not logged again before {@link #REPEAT_INTERVAL}, even in the next outage
     */
    OutageLog(Logger log, String recovery, Duration quiet, LongSupplier ticker) {
        this.log = log;
        this.recovery = recovery;
        this.quiet = quiet;
        this.ticker = ticker;
        this.intervalStart = ticker.getAsLong();
    }

    /**
     * Reports a failure.
     *
     * @param reason the kind of the failure; must not contain times or other changing numbers
     * @param line the line to log
     */
    synchronized void failed(Level level, String reason, String line) {
        long now = ticker.getAsLong();
        lastFailure = now;
        if (open && reason.equals(lastReason)) {
            return;
        }
        if (!open) {
            open = true;
            written = false;
        }
        lastReason = reason;
        Long before = writtenAt.get(reason);
        if (before != null && now - before < REPEAT_INTERVAL.toNanos()) {
            return;
        }
        if (writtenAt.size() >= MAX_REASONS) {
            writtenAt.clear();
        }
        writtenAt.put(reason, now);
        write(level, line, now);
    }

    /** Reports a success. */
    void succeeded() {
        if (open) {
            end(quiet);
        }
    }

    /** Reports the end of the outage immediately, even during the quiet time. */
    void ended() {
        if (open) {
            end(Duration.ZERO);
        }
    }

    private synchronized void end(Duration quietFor) {
        long now = ticker.getAsLong();
        if (!open || now - lastFailure < quietFor.toNanos()) {
            return;
        }
        open = false;
        lastReason = "";
        if (quietFor.isZero()) {
            writtenAt.clear();
        }
        if (written) {
            log.info(recovery);
        }
    }

    private void write(Level level, String line, long now) {
        if (now - intervalStart >= INTERVAL.toNanos()) {
            intervalStart = now;
            lines = 0;
        }
        if (lines < MAX_LINES) {
            lines++;
            written = true;
            log.atLevel(level).log(line);
        }
    }
}
