package org.gatehouse.health;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BearerToken;
import org.gatehouse.http.LoopbackCheck;
import org.gatehouse.http.Operational;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.Sha256;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /metrics}: returns the metrics for Prometheus. If {@code METRICS_TOKEN} is set, clients must send its
 * value. Otherwise, only clients on the same machine have access.
 */
@Path("metrics")
public final class MetricsResource {
    private static final byte[] NO_TOKEN = {};

    private final Metrics metrics;
    private final byte @Nullable [] tokenHash;

    MetricsResource(Metrics metrics, @Nullable Secret token) {
        this.metrics = metrics;
        this.tokenHash = token == null ? null : Sha256.of(token.bytes());
    }

    /** Returns 200 with all metrics, as OpenMetrics if the client accepts it, else in the text format of Prometheus. */
    @GET
    @PermitAll
    @Operational
    @Produces({MediaType.TEXT_PLAIN, "application/openmetrics-text", MediaType.WILDCARD})
    public Response read(@Context ContainerRequestContext request) {
        requireAccess(request);
        Metrics.Exposition exposition = metrics.expose(request.getHeaderString(HttpHeaders.ACCEPT));
        return Response.ok(exposition.text().getBytes(StandardCharsets.UTF_8), exposition.contentType())
                .build();
    }

    private void requireAccess(ContainerRequestContext request) {
        if (tokenHash == null) {
            if (!LoopbackCheck.isOnThisMachine(request)) {
                throw new GatehouseException(
                        ErrorCode.FORBIDDEN,
                        "Without METRICS_TOKEN, the metrics are available on the same machine only.");
            }
            return;
        }
        byte[] given = Optional.ofNullable(request.getHeaderString(HttpHeaders.AUTHORIZATION))
                .flatMap(BearerToken::of)
                .map(token -> Sha256.of(token.getBytes(StandardCharsets.UTF_8)))
                .orElse(NO_TOKEN);
        // Hashes are compared, because the time of the comparison must not depend on the tokens.
        if (!MessageDigest.isEqual(given, tokenHash)) {
            throw new GatehouseException(ErrorCode.METRICS_TOKEN_WRONG);
        }
    }
}
