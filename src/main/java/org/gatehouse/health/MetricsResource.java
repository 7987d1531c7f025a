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
import java.util.Optional;
import org.gatehouse.config.Secret;
import org.gatehouse.http.Operational;
import org.gatehouse.metrics.Metrics;

/** {@code GET /metrics}: returns the metrics for Prometheus. */
@Path("metrics")
public final class MetricsResource {
    private final Metrics metrics;
    private final MetricsAccess access;

    /** @param token the token that clients must send; if empty, clients must be on the same machine */
    public MetricsResource(Metrics metrics, Optional<Secret> token) {
        this.metrics = metrics;
        this.access = new MetricsAccess(token);
    }

    /** Returns 200 with all metrics in the text format of Prometheus or, if the client accepts it, of OpenMetrics. */
    @GET
    @PermitAll
    @Operational
    @Produces({MediaType.TEXT_PLAIN, "application/openmetrics-text", MediaType.WILDCARD})
    public Response read(@Context ContainerRequestContext request) {
        access.require(request);
        Metrics.Exposition exposition = metrics.expose(request.getHeaderString(HttpHeaders.ACCEPT));
        return Response.ok(exposition.text().getBytes(StandardCharsets.UTF_8), exposition.contentType())
                .build();
    }
}
