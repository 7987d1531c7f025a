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

/** {@code GET /metrics}: figures for Prometheus. */
@Path("metrics")
public final class MetricsResource {
    private final Metrics metrics;
    private final MetricsAccess access;

    /** @param token what callers must show; without one only those on the same machine are answered */
    public MetricsResource(Metrics metrics, Optional<Secret> token) {
        this.metrics = metrics;
        this.access = new MetricsAccess(token);
    }

    /** 200 with all figures, in the text format of Prometheus or, for who asks for it, of OpenMetrics. */
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
