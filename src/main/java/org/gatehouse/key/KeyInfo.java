package org.gatehouse.key;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A signing key as administrators see it, without its private part.
 *
 * @param createdAt when the key was created; null if the key is a secret from the settings
 * @param activeFrom when the key starts to sign; null if the key is a secret from the settings
 * @param revokedAt when the key was revoked; null if the key is not revoked
 * @param current whether the responding node signs with the key now
 */
record KeyInfo(
        @JsonProperty("kid") String id,
        @JsonProperty("alg") String algorithm,
        @Nullable Instant createdAt,
        @Nullable Instant activeFrom,
        @Nullable Instant revokedAt,
        boolean current) {
    static KeyInfo of(StoredKey key, boolean current) {
        return new KeyInfo(key.id(), key.algorithm(), key.createdAt(), key.activeFrom(), key.revokedAt(), current);
    }
}
