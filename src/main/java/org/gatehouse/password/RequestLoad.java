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
    private boolean lastHadMany;

    RequestLoad(Ticker ticker) {
        this.ticker = ticker;
        this.windowBegan = ticker.read();
    }

    /** Counts one request that is not a login. */
    synchronized void note() {
        turn();
        count++;
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
