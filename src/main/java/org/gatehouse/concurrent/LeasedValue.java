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
 * <p>The lease is counted from the moment when the read was <em>sent</em>, on this node's monotonic clock. A read that is
 * sent after a change has been acknowledged returns that change. A read that was sent earlier may not, but its lease ends
 * at most {@link #LEASE} after the acknowledgement. So {@link #EXPIRY} after a change, no node trusts a value from before
 * it. This also holds for a node that was paused, because it finds its lease expired. Clocks need not agree.
 *
 * <p>One read runs at a time. Callers that wait for a read share its result, and its failure.
 */
public final class LeasedValue<T> {
    /** Two reads may fail before the lease on the last one expires. */
    public static final Duration POLL_INTERVAL = Duration.ofMillis(500);

    public static final Duration LEASE = Duration.ofSeconds(2);

    /** The lease and a margin, because the monotonic clocks of two nodes run at slightly different rates. */
    public static final Duration EXPIRY = LEASE.plusMillis(100);

    /** Between two reads. So callers that demand a fresh value cost the store at most five reads a second. */
    static final Duration MIN_INTERVAL = Duration.ofMillis(200);

    /** For the read of another thread. A store answers, or fails, in less time than this. */
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
     * Has no value until the first read.
     *
     * @param store reads the value; empty if the answer is older than the last value, which then keeps its lease
     * @param outlastsFailures whether the last value stays trusted while reads fail; changes made meanwhile are missed
     */
    public LeasedValue(Supplier<Optional<T>> store, Duration length, boolean outlastsFailures, Ticker ticker) {
        this(store, length, outlastsFailures, ticker, Threads::sleep);
    }

    /** @param sleep waits; false if the thread is interrupted */
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

    /** The value of the last read that succeeded, trusted or not. */
    public Optional<T> last() {
        return Optional.ofNullable(last).map(Lease::value);
    }

    /** The value under a valid lease. */
    public Optional<T> valid() {
        long now = ticker.read();
        return Optional.ofNullable(last)
                .filter(lease -> lease.isValid(now, length))
                .map(Lease::value);
    }

    /** The value under a valid lease, or the last one if it outlasts failures and reads fail. */
    public Optional<T> trusted() {
        Optional<T> valid = valid();
        return valid.isEmpty() && outlastsFailures && failing ? last() : valid;
    }

    /** The trusted value; if there is none, it is read now, with the exception of {@link #readSince}. */
    public T get() {
        long now = ticker.read();
        return trusted().orElseGet(() -> readSince(now));
    }

    /** The value of a read that is sent after this call. */
    public T refresh() {
        return readSince(ticker.read());
    }

    /**
     * The value of a read that was sent after this time of the ticker.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}, or what the store throws
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
                throw unavailable(); // another caller's read has just failed, so it is not repeated for each that
                // waited
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
