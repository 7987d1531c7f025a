package org.gatehouse.password;

import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;

/** Hashes for tests that need thousands of logins: real Argon2id, with costs that no setting allows. */
public final class CheapHasher {
    private static final int MEMORY_KIB = 64;
    private static final int ITERATIONS = 1;

    private CheapHasher() {}

    public static PasswordHasher create() {
        return new PasswordHasher(
                new Argon2PasswordEncoder(16, 32, 1, MEMORY_KIB, ITERATIONS),
                Runtime.getRuntime().availableProcessors());
    }
}
