package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** Measures whether enough requests other than logins arrive that hashing should leave a core for them. */
final class RequestLoad {
    private static final long WINDOW = Duration.ofSeconds(1).toNanos();

    /** Fewer requests per second rarely have to wait for a hash, so hashing may use the core instead. */
    private static final long BUSY_THRESHOLD = 10;

    private final Ticker ticker;
    private final LongAdder count = new LongAdder();
    private volatile long windowBegan;
    private volatile boolean lastHadMany;

    RequestLoad(Ticker ticker) {
        this.ticker = ticker;
        this.windowBegan = ticker.read();
    }

    /** Counts one request that is not a login. */
    void note() {
        turn();
        count.increment();
    }

    /** Whether there were many requests in this second or the last one. */
    boolean isHigh() {
        turn();
        return lastHadMany || count.sum() >= BUSY_THRESHOLD;
    }

    private void turn() {
        if (ticker.read() - windowBegan >= WINDOW) {
            turnOnce();
        }
    }

    private synchronized void turnOnce() {
        long now = ticker.read();
        if (now - windowBegan >= WINDOW) {
            lastHadMany = count.sumThenReset() >= BUSY_THRESHOLD && now - windowBegan < 2 * WINDOW;
            windowBegan = now;
        }
    }
}
