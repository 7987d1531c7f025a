package org.gatehouse.password;

import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;

/** Hashes for tests that need thousands of logins: real Argon2id, with costs that no setting allows. */
public final class CheapHasher {
    private static final int MEMORY_KIB = 64;
    private static final int ITERATIONS = 1;

    private CheapHasher() {}

    public static PasswordHasher create() {
        return counting(new AtomicInteger());
    }

    /** The same, counting how often a password was compared with a hash. */
    public static PasswordHasher counting(AtomicInteger checks) {
        Argon2PasswordEncoder encoder = new Argon2PasswordEncoder(16, 32, 1, MEMORY_KIB, ITERATIONS) {
            @Override
            protected boolean matchesNonNull(String password, String hash) {
                checks.incrementAndGet();
                return super.matchesNonNull(password, hash);
            }
        };
        return new PasswordHasher(encoder, Runtime.getRuntime().availableProcessors());
    }
}
