package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Limits the cost of signature checks. Each check takes about a millisecond of a core, but clients can send forged
 * tokens at almost no cost.
 *
 * <p>Sources with few recent bad tokens may use all cores. Sources with many bad tokens are suspects. Only one check
 * runs at a time for all suspects together. A flood of bad tokens therefore takes at most one core and does not delay
 * other sources. The waiting time and the number of waiting suspects are limited. Above these limits, a check is
 * rejected. The error is {@code BUSY} and not a token error, because the token was not checked.
 */
final class VerificationBulkhead {
    /** A client that repeats requests with an outdated token normally stops before this many failures. */
    static final int TOLERATED_FAILURES = 20;

    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** About 10 MB of counters. If more sources send bad tokens, some counters are evicted and restart at zero. */
    private static final int MAX_SOURCES = 100_000;

    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** Waiting suspects occupy at most this many of the container's threads. */
    private static final int MAX_SUSPECTS_WAITING = 16;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Semaphore common;
    private final Semaphore suspects = new Semaphore(1, true);
    private final Cache<String, AtomicInteger> failures;

    /** @param cores how many checks may run at the same time */
    public VerificationBulkhead(int cores, Ticker ticker) {
        this.common = new Semaphore(cores, true);
        this.failures = Caffeine.newBuilder()
                .maximumSize(MAX_SOURCES)
                .expireAfterWrite(WINDOW) // an entry is written only at the first failure
                .ticker(ticker)
                .build();
    }

    /** Returns whether this source has sent more than {@link #TOLERATED_FAILURES} bad tokens within the last minute. */
    boolean isSuspect(String source) {
        AtomicInteger count = failures.getIfPresent(source);
        return count != null && count.get() > TOLERATED_FAILURES;
    }

    void countFailure(String source) {
        failures.get(source, first -> new AtomicInteger()).incrementAndGet();
    }

    /**
     * Runs a signature check as soon as a slot for the source is free.
     *
     * @throws GatehouseException {@code BUSY} if no slot becomes free in time
     */
    boolean check(String source, BooleanSupplier signature) {
        boolean suspect = isSuspect(source);
        Semaphore lane = suspect ? suspects : common;
        boolean full = suspect && lane.getQueueLength() >= MAX_SUSPECTS_WAITING;
        if (full || !Threads.tryAcquire(lane, WAIT_TIMEOUT)) {
            throw GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
        }
        try {
            return signature.getAsBoolean();
        } finally {
            lane.release();
        }
    }
}
