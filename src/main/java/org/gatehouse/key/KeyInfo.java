package org.gatehouse.key;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A signing key as administrators see it, without its private part.
 *
 * @param createdAt null for a key that Gatehouse did not make
 * @param activeFrom when it begins to sign; null for a key that Gatehouse did not make
 * @param revokedAt since when no node accepts it; null if nodes accept it
 * @param current whether the node that answers signs with it
 */
public record KeyInfo(
        @JsonProperty("kid") String id,
        @JsonProperty("alg") String algorithm,
        @Nullable Instant createdAt,
        @Nullable Instant activeFrom,
        @Nullable Instant revokedAt,
        boolean current) {}
