package org.gatehouse.health;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Peer;
import org.gatehouse.store.Sha256;
import org.jspecify.annotations.Nullable;

/** Who may read the metrics: whoever has the token; where there is none, whoever is on the same machine. */
final class MetricsAccess {
    private static final String SCHEME = "bearer ";

    private final Optional<byte[]> tokenHash;

    MetricsAccess(Optional<Secret> token) {
        this.tokenHash = token.map(Secret::bytes).map(Sha256::of);
    }

    /**
     * Lets the request pass.
     *
     * @throws GatehouseException {@code METRICS_TOKEN_WRONG}, {@code FORBIDDEN}
     */
    void require(ContainerRequestContext request) {
        if (tokenHash.isPresent()) {
            if (!isToken(request.getHeaderString(HttpHeaders.AUTHORIZATION), tokenHash.get())) {
                throw new GatehouseException(ErrorCode.METRICS_TOKEN_WRONG);
            }
            return;
        }
        if (!Peer.isOnThisMachine(request)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "Without METRICS_TOKEN the metrics are shown on the same machine only.");
        }
    }

    /** Hashes are compared, so that the time depends on neither text. */
    private static boolean isToken(@Nullable String header, byte[] expected) {
        if (header == null || !header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            return false;
        }
        byte[] given = header.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(Sha256.of(given), expected);
    }
}
