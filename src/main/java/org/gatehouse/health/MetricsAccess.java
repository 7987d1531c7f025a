package org.gatehouse.health;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BearerToken;
import org.gatehouse.http.LoopbackCheck;
import org.gatehouse.store.Sha256;

/** Decides which clients may read the metrics: those with the token or, if none is set, those on the same machine. */
final class MetricsAccess {
    private final Optional<byte[]> tokenHash;

    MetricsAccess(Optional<Secret> token) {
        this.tokenHash = token.map(Secret::bytes).map(Sha256::of);
    }

    /**
     * Rejects a request that may not read the metrics.
     *
     * @throws GatehouseException {@code METRICS_TOKEN_WRONG}, {@code FORBIDDEN}
     */
    void require(ContainerRequestContext request) {
        if (tokenHash.isPresent()) {
            Optional<String> given = Optional.ofNullable(request.getHeaderString(HttpHeaders.AUTHORIZATION))
                    .flatMap(BearerToken::of);
            if (given.filter(token -> isToken(token, tokenHash.get())).isEmpty()) {
                throw new GatehouseException(ErrorCode.METRICS_TOKEN_WRONG);
            }
            return;
        }
        if (!LoopbackCheck.isOnThisMachine(request)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "Without METRICS_TOKEN the metrics are shown on the same machine only.");
        }
    }

    /** Compares hashes, so that the time does not depend on either text. */
    private static boolean isToken(String given, byte[] expected) {
        return MessageDigest.isEqual(Sha256.of(given.getBytes(StandardCharsets.UTF_8)), expected);
    }
}
