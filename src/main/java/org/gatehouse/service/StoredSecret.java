package org.gatehouse.service;

import java.security.MessageDigest;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The stored form of a {@link ServiceSecret}.
 *
 * @param hash the SHA-256 of the secret
 * @param expiresAt when the secret ends; null for the current secret, which has no end
 */
@SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
record StoredSecret(
        byte[] hash, Instant createdAt, @Nullable Instant expiresAt) {
    boolean isValid(Instant now) {
        return expiresAt == null || expiresAt.isAfter(now);
    }

    boolean matches(byte[] otherHash) {
        return MessageDigest.isEqual(hash, otherHash);
    }

    /** Returns this secret with an end, unless it ends earlier already. */
    StoredSecret endingAt(Instant end) {
        return expiresAt != null && expiresAt.isBefore(end) ? this : new StoredSecret(hash, createdAt, end);
    }

    @Override
    public String toString() {
        return "StoredSecret[" + createdAt + ", " + expiresAt + "]";
    }
}
