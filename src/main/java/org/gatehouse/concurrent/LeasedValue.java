package org.gatehouse.concurrent;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;

/**
 * A value that was read from a store, and that is trusted for a limited time: its lease.
 *
 * <p>The lease is counted from the moment when the read was <em>sent</em>, on this node's monotonic clock. A read that
 * is sent after a change has been acknowledged returns that change. A read that was sent earlier may not, but its lease
 * ends at most {@link #LEASE} after the acknowledgement. So {@link #EXPIRY} after a change, no node trusts a value from
 * before it. This also holds for a node that was paused, because it finds its lease expired. Clocks need not agree.
 *
 * <p>One read runs at a time. Callers that wait for a read share its result, and its failure.
 */
public final class LeasedValue<T> {
    /** Two reads may fail before the lease on the last one expires. */
    public static final Duration POLL_INTERVAL = Duration.ofMillis(500);

    public static final Duration LEASE = Duration.ofSeconds(2);

    /** The lease and a margin, because the monotonic clocks of two nodes run at slightly different rates. */
    public static final Duration EXPIRY = LEASE.plusMillis(100);

    /** The time between two reads. It limits callers that need a fresh value to five reads per second. */
    static final Duration MIN_INTERVAL = Duration.ofMillis(200);

    /** The timeout for the read of another thread. A store responds or fails in less time. */
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Supplier<Optional<T>> store;
    private final long length;
    private final boolean outlastsFailures;
    private final Ticker ticker;
    private final Predicate<Duration> sleep;
    private final ReentrantLock reading = new ReentrantLock();
    private long lastSent; // guarded by reading
    private long lastFailure; // guarded by reading
    private volatile boolean failing;
    private volatile @Nullable Lease<T> last;

    private record Lease<T>(T value, long sentAt) {
        boolean isValid(long now, long length) {
            return now - sentAt < length;
        }
    }

    /**
     * Creates a value that is empty until the first read.
     *
     * @param store reads the value; empty if the reply is older than the last value, which then keeps its lease
     * @param outlastsFailures whether the last value stays trusted while reads fail; changes made meanwhile are missed
     */
    public LeasedValue(Supplier<Optional<T>> store, Duration length, boolean outlastsFailures, Ticker ticker) {
        this(store, length, outlastsFailures, ticker, Threads::sleep);
    }

    /** @param sleep waits, and returns false if the thread is interrupted */
    LeasedValue(
            Supplier<Optional<T>> store,
            Duration length,
            boolean outlastsFailures,
            Ticker ticker,
            Predicate<Duration> sleep) {
        this.store = store;
        this.length = length.toNanos();
        this.outlastsFailures = outlastsFailures;
        this.ticker = ticker;
        this.sleep = sleep;
        this.lastSent = ticker.read() - MIN_INTERVAL.toNanos();
    }

    /** Returns the value of the last successful read, trusted or not. */
    public Optional<T> last() {
        return Optional.ofNullable(last).map(Lease::value);
    }

    /** Returns the value if its lease is valid. */
    public Optional<T> valid() {
        long now = ticker.read();
        return Optional.ofNullable(last)
                .filter(lease -> lease.isValid(now, length))
                .map(Lease::value);
    }

    /** Returns the value if its lease is valid, or the last value if it outlasts failures and reads fail. */
    public Optional<T> trusted() {
        Optional<T> valid = valid();
        return valid.isEmpty() && outlastsFailures && failing ? last() : valid;
    }

    /** Returns the trusted value; if there is none, reads it now and may throw as {@link #readSince} does. */
    public T get() {
        long now = ticker.read();
        return trusted().orElseGet(() -> readSince(now));
    }

    /** Returns the value of a read that is sent after this call. */
    public T refresh() {
        return readSince(ticker.read());
    }

    /**
     * Returns the value of a read that was sent after this time of the ticker.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}, or the exception of the store
     */
    public T readSince(long since) {
        if (!Threads.tryLock(reading, READ_TIMEOUT)) {
            throw unavailable();
        }
        try {
            Lease<T> held = last;
            if (held != null && held.sentAt - since > 0) {
                return held.value;
            }
            if (failing && lastFailure - since > 0) {
                throw unavailable(); // because waiting callers share the failure of the read before
            }
            Duration pause = Duration.ofNanos(lastSent + MIN_INTERVAL.toNanos() - ticker.read());
            if (!pause.isNegative() && !sleep.test(pause)) {
                throw unavailable();
            }
            return read().orElseThrow(LeasedValue::unavailable);
        } finally {
            reading.unlock();
        }
    }

    private Optional<T> read() {
        long sent = ticker.read();
        lastSent = sent;
        try {
            Optional<T> value = store.get();
            value.ifPresent(present -> last = new Lease<>(present, sent));
            failing = false;
            return value;
        } catch (RuntimeException failed) {
            lastFailure = ticker.read();
            failing = true;
            throw failed;
        }
    }

    public static GatehouseException unavailable() {
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
    }
}
