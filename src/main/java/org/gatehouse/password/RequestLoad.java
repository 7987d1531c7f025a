package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/** Whether there is work besides the hashing of passwords that would have to wait for a core. */
final class RequestLoad {
    private static final long WINDOW = Duration.ofSeconds(1).toNanos();

    /** Fewer in a second meet a hash that they would have to wait for so seldom that a core is better used. */
    private static final long BUSY_THRESHOLD = 10;

    private final Ticker ticker;
    private final LongAdder count = new LongAdder();
    private volatile long windowBegan;
    private volatile boolean lastHadMany;

    RequestLoad(Ticker ticker) {
        this.ticker = ticker;
        this.windowBegan = ticker.read();
    }

    /** One request that is no login. */
    void note() {
        turn();
        count.increment();
    }

    /** Whether there were many in this second or the last one. */
    boolean isMuch() {
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
