package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.metrics.Metrics;

/**
 * Creates hashers for tests that need thousands of logins. The hashers use real Argon2id with a lower cost than the
 * settings permit.
 */
public final class CheapHasher {
    private static final int MEMORY_KIB = 64;
    private static final int ITERATIONS = 1;

    /**
     * The number of concurrent hashes. Eight slots allow a queue of 128 requests, which is enough for a burst in a
     * test.
     */
    private static final int SLOTS = 8;

    /**
     * The maximum time that a request waits for a slot. This time is long, because a busy machine computes hashes
     * slowly. Tests of rejected requests use hashers with a shorter time.
     */
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(30);

    private CheapHasher() {}

    public static PasswordHasher create() {
        return create(new Metrics());
    }

    /** Returns a hasher that updates these metrics. */
    public static PasswordHasher create(Metrics metrics) {
        return of(new Argon2(MEMORY_KIB), metrics);
    }

    /** Returns a hasher that counts the computed hashes. */
    public static PasswordHasher counting(AtomicInteger hashes) {
        return runningFirst(hashes::incrementAndGet);
    }

    /** Returns a hasher that runs this action before each hash. */
    public static PasswordHasher runningFirst(Runnable action) {
        Argon2 argon2 = new Argon2(MEMORY_KIB) {
            @Override
            byte[] derive(String password, Argon2Hash like) {
                action.run();
                return super.derive(password, like);
            }
        };
        return of(argon2, new Metrics());
    }

    private static PasswordHasher of(Argon2 argon2, Metrics metrics) {
        HashingExecutor executor = new HashingExecutor(SLOTS, WAIT_TIMEOUT, metrics);
        return new PasswordHasher(argon2, MEMORY_KIB, ITERATIONS, executor, Ticker.systemTicker());
    }
}
