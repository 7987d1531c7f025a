package org.gatehouse.store;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Writes the log lines about a store that cannot be used: one when that begins, one for each new reason, and one when it
 * is over.
 *
 * <p>Callers may report every failed and every successful call. In one outage each reason is written once in
 * {@link #REPEAT}, and all lines together are limited to {@link #MAX_LINES} in {@link #INTERVAL}, so that a store that
 * comes and goes does not fill the log.
 */
final class OutageLog {
    /** A reason that alternates with others is written again after this time. */
    private static final Duration REPEAT = Duration.ofMinutes(1);

    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int MAX_LINES = 60;

    /** More different reasons than this have no use in one outage. */
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
     * Starts without an outage.
     *
     * @param recovery the line that says that an outage is over
     * @param quiet an outage is over after a success, but only if nothing has failed for this long. If it is longer than
     *     zero, failures and successes may alternate, so a reason is not repeated in the next outage before {@link #REPEAT}
     */
    OutageLog(Logger log, String recovery, Duration quiet) {
        this(log, recovery, quiet, System::nanoTime);
    }

    OutageLog(Logger log, String recovery, Duration quiet, LongSupplier ticker) {
        this.log = log;
        this.recovery = recovery;
        this.quiet = quiet;
        this.ticker = ticker;
        this.intervalStart = ticker.getAsLong();
    }

    /** Whether an outage has been reported that is not over. */
    boolean isOpen() {
        return open;
    }

    /**
     * Reports a failure.
     *
     * @param reason what tells this failure from others; without times and other numbers that change
     * @param line what is written
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
        if (before != null && now - before < REPEAT.toNanos()) {
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

    /** Reports that the outage is over for certain. */
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
