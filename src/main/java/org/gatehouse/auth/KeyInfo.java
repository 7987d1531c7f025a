package org.gatehouse.auth;

import java.time.Instant;
import java.util.Optional;

/**
 * What may be told of a signing key.
 *
 * @param createdAt empty for a key that Gatehouse did not make
 * @param activeFrom when it begins to sign; empty for a key that Gatehouse did not make
 * @param revokedAt since when no node accepts it
 * @param current whether the node that answers signs with it
 */
public record KeyInfo(
        String id,
        String algorithm,
        Optional<Instant> createdAt,
        Optional<Instant> activeFrom,
        Optional<Instant> revokedAt,
        boolean current) {}
