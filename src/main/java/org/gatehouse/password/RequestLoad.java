package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;

/** Counts requests that are not logins. If many arrive, hashing should leave a core for them. */
final class RequestLoad {
    private static final long WINDOW = Duration.ofSeconds(1).toNanos();

    /** The load is high from this many requests per second. Below, hashing may use all cores. */
    private static final long BUSY_THRESHOLD = 10;

    private final Ticker ticker;
    private long count;
    private long windowBegan;

    /** Until this time, further requests need not be counted. */
    private volatile long busyUntil;

    private boolean lastHadMany;

    RequestLoad(Ticker ticker) {
        this.ticker = ticker;
        this.windowBegan = ticker.read();
        this.busyUntil = windowBegan;
    }

    /** Counts one request that is not a login. Above the threshold, this method does not lock. */
    void note() {
        if (ticker.read() - busyUntil >= 0) {
            count();
        }
    }

    private synchronized void count() {
        turn();
        count++;
        if (count >= BUSY_THRESHOLD) {
            busyUntil = windowBegan + WINDOW;
        }
    }

    /** Whether many requests arrived in this second or the previous second. */
    synchronized boolean isHigh() {
        turn();
        return lastHadMany || count >= BUSY_THRESHOLD;
    }

    private void turn() {
        long elapsed = ticker.read() - windowBegan;
        if (elapsed >= WINDOW) {
            lastHadMany = count >= BUSY_THRESHOLD && elapsed < 2 * WINDOW;
            count = 0;
            windowBegan += elapsed;
        }
    }
}
