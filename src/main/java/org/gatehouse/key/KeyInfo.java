package org.gatehouse.key;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A signing key as administrators see it, without its private part.
 *
 * @param createdAt null if Gatehouse did not create the key
 * @param activeFrom when the key starts to sign; null if Gatehouse did not create the key
 * @param revokedAt since when nodes reject the key; null if the key is not revoked
 * @param current whether the node that responds signs with the key
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
