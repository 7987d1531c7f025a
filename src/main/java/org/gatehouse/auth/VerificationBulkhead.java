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
 * Bounds what checking signatures may cost, for one check takes about a millisecond of a core and a forged token costs
 * its sender nothing.
 *
 * <p>Sources that sent hardly a bad token lately check on all cores; those that sent many share one check at a time
 * between them all, so that a flood takes one core at most and is never in the way of the others. Waiting is bounded in
 * time and in number; who cannot be served within the bounds is told {@code BUSY}, not that the token is bad.
 */
public final class VerificationBulkhead {
    /** More than a client with an old token and a retry loop needs to notice. */
    static final int TOLERATED_FAILURES = 20;

    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** Some 10 MB of counters; when more sources than this send bad tokens, the oldest begin anew. */
    private static final int MAX_SOURCES = 100_000;

    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** So that a flood holds this many of the container's threads and no more. */
    private static final int MAX_SUSPECTS_WAITING = 16;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Semaphore common;
    private final Semaphore suspects = new Semaphore(1, true);
    private final Cache<String, AtomicInteger> failures;

    /** @param cores how many checks may run at once */
    public VerificationBulkhead(int cores, Ticker ticker) {
        this.common = new Semaphore(cores, true);
        this.failures = Caffeine.newBuilder()
                .maximumSize(MAX_SOURCES)
                .expireAfterWrite(WINDOW) // written once, at the first failure
                .ticker(ticker)
                .build();
    }

    /** Whether this address sent more than a few bad tokens in the last minute. */
    boolean isSuspect(String source) {
        AtomicInteger count = failures.getIfPresent(source);
        return count != null && count.get() > TOLERATED_FAILURES;
    }

    void countFailure(String source) {
        failures.get(source, first -> new AtomicInteger()).incrementAndGet();
    }

    /**
     * Runs a check when it is the source's turn.
     *
     * @throws GatehouseException {@code BUSY} when its turn does not come in time
     */
    boolean check(String source, BooleanSupplier signature) {
        boolean suspect = isSuspect(source);
        Semaphore lane = suspect ? suspects : common;
        if (suspect && lane.getQueueLength() >= MAX_SUSPECTS_WAITING) {
            throw busy();
        }
        if (!Threads.tryAcquire(lane, WAIT_TIMEOUT)) {
            throw busy();
        }
        try {
            return signature.getAsBoolean();
        } finally {
            lane.release();
        }
    }

    private static GatehouseException busy() {
        return GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
    }
}
