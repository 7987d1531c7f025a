package org.gatehouse.key;

import java.time.Instant;
import java.util.Optional;

/**
 * A signing key as it lies in the store.
 *
 * @param id the {@code kid}: the thumbprint of the public key (RFC 7638)
 * @param sequence counts the keys and is unique, so only one of the nodes that want the next key creates it
 * @param publicKey a JWK
 * @param privateKey encrypted; empty once the key is revoked
 * @param encryptedUnder the name of the {@code AUTH_KEY} that encrypts the private key
 * @param activeFrom when it begins to sign, by the clock of whoever signs
 */
record StoredKey(
        String id,
        long sequence,
        String algorithm,
        String publicKey,
        Optional<String> privateKey,
        String encryptedUnder,
        Instant createdAt,
        Instant activeFrom,
        Optional<Instant> revokedAt) {

    boolean isRevoked() {
        return revokedAt.isPresent();
    }

    /** Whether it was revoked before its time came, so that it succeeded nobody. */
    boolean wasNeverUsed() {
        return revokedAt.filter(revoked -> revoked.isBefore(activeFrom)).isPresent();
    }

    @Override
    public String toString() {
        return algorithm + " key " + id + ", sequence number " + sequence;
    }
}
