package org.gatehouse.factor;

import java.time.Duration;
import java.time.Instant;

/**
 * A TOTP device that its user has not confirmed yet.
 *
 * @param id the id that the factor will have
 * @param secret the encrypted secret
 */
record PendingTotp(String id, String name, String secret, Instant createdAt) {
    static final Duration LIFETIME = Duration.ofMinutes(10);

    /** A further device replaces the oldest one. */
    static final int MAX_PENDING = 5;

    /** The wrong codes that a user may enter before the secret becomes void. */
    static final int MAX_ATTEMPTS = 10;

    boolean isExpired(Instant now) {
        return !now.isBefore(createdAt.plus(LIFETIME));
    }

    @Override
    public String toString() {
        return "PendingTotp[" + id + "]";
    }
}
