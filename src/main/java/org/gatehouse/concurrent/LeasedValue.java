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
 * A value that was read from a store and is trusted for a limited time, which is called its lease.
 *
 * <p>The lease starts when the read is <em>sent</em>, on this node's monotonic clock. A read that is sent after a
 * change has been acknowledged returns the change. A read that was sent earlier may return the old value, but its lease
 * ends at most {@link #LEASE} after the acknowledgement. Therefore no node trusts the old value once {@link #EXPIRY}
 * has passed since the acknowledgement, even if the node was paused. The clocks of nodes may differ.
 *
 * <p>One read runs at a time. Callers that wait for the same read share its result or its failure.
 */
public final class LeasedValue<T> {
    /** The interval is so short that two reads may fail before the lease of the last successful read expires. */
    public static final Duration POLL_INTERVAL = Duration.ofMillis(500);

    public static final Duration LEASE = Duration.ofSeconds(2);

    /** {@link #LEASE} and a margin, because the monotonic clocks of two nodes run at slightly different rates. */
    public static final Duration EXPIRY = LEASE.plusMillis(100);

    /** The minimum time between two reads. It limits a node to five reads of the value per second. */
    static final Duration MIN_INTERVAL = Duration.ofMillis(200);

    /** The maximum wait for a read by another thread. A store responds or fails in less time. */
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
     * @param store reads the value; returns empty if the reply is older than the last value, which then keeps its lease
     * @param outlastsFailures whether the last value stays trusted while reads fail, although the value in the store
     *     may have changed
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

    /** Returns the value if its lease is valid, or the last value if reads fail and {@code outlastsFailures} is set. */
    public Optional<T> trusted() {
        Optional<T> valid = valid();
        return valid.isEmpty() && outlastsFailures && failing ? last() : valid;
    }

    /** Returns the trusted value. If no value is trusted, reads the value like {@link #readSince}. */
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
                throw unavailable(); // because waiting callers share the failure of the previous read
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
