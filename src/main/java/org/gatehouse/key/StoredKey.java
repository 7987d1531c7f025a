package org.gatehouse.key;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A stored signing key.
 *
 * @param id the {@code kid}: the thumbprint of the public key (RFC 7638)
 * @param sequence a unique number that increases with each key, so that only one node can create the next key
 * @param publicKey a JWK
 * @param privateKey the encrypted private part; null after the key is revoked
 * @param encryptedUnder the id of the {@code AUTH_KEY} that encrypts the private key
 * @param activeFrom when the key starts to sign, by the clock of the signing node
 * @param revokedAt null if the key is not revoked
 */
record StoredKey(
        String id,
        long sequence,
        String algorithm,
        String publicKey,
        @Nullable String privateKey,
        String encryptedUnder,
        Instant createdAt,
        Instant activeFrom,
        @Nullable Instant revokedAt) {

    boolean isRevoked() {
        return revokedAt != null;
    }

    /** Returns whether the key was revoked before it became active, and therefore never replaced another key. */
    boolean wasNeverUsed() {
        return revokedAt != null && revokedAt.isBefore(activeFrom);
    }

    @Override
    public String toString() {
        return algorithm + " key " + id + ", sequence number " + sequence;
    }
}
