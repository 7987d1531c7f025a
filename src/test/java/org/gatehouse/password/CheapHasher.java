package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.metrics.Metrics;

/** Hashes for tests that need thousands of logins: real Argon2id, with costs that no setting allows. */
public final class CheapHasher {
    private static final int MEMORY_KIB = 64;
    private static final int ITERATIONS = 1;

    /** A queue of 128, so that a burst of requests in a test is not refused. */
    private static final int SLOTS = 8;

    /** On a machine that is busy with other work; a refusal is the subject of tests that make their own hasher. */
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(30);

    private CheapHasher() {}

    public static PasswordHasher create() {
        return create(new Metrics());
    }

    /** The same with these metrics. */
    public static PasswordHasher create(Metrics metrics) {
        return of(new Argon2(MEMORY_KIB), metrics);
    }

    /** The same, counting how often a hash was computed. */
    public static PasswordHasher counting(AtomicInteger hashes) {
        return interrupted(hashes::incrementAndGet);
    }

    /** The same, with something that happens before each hash is computed. */
    public static PasswordHasher interrupted(Runnable before) {
        Argon2 argon2 = new Argon2(MEMORY_KIB) {
            @Override
            byte[] derive(String password, Argon2Hash like) {
                before.run();
                return super.derive(password, like);
            }
        };
        return of(argon2, new Metrics());
    }

    private static PasswordHasher of(Argon2 argon2, Metrics metrics) {
        HashingExecutor slots = new HashingExecutor(SLOTS, WAIT_TIMEOUT, metrics);
        return new PasswordHasher(argon2, MEMORY_KIB, ITERATIONS, slots, Ticker.systemTicker());
    }
}
