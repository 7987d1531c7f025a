package org.gatehouse.health;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import org.gatehouse.http.Operational;
import org.gatehouse.json.Json;

/**
 * {@code /health}: for the balancer before the service and whoever restarts it.
 *
 * <p>Both answers are open to anyone, come at once, and ask nothing of the stores.
 */
@Path("health")
@Produces({MediaType.APPLICATION_JSON, MediaType.WILDCARD})
public final class HealthResource {
    private static final byte[] LIVE = "{\"status\":\"live\"}".getBytes(StandardCharsets.UTF_8);

    /** The stores are asked twice a second, so it is soon known that they are back. */
    private static final int RETRY_AFTER_SECONDS = 2;

    private final Health health;

    public HealthResource(Health health) {
        this.health = health;
    }

    /** 200 for as long as this process can answer; a store that is away is no reason to restart it. */
    @GET
    @Path("live")
    @PermitAll
    @Operational
    public Response live() {
        return Response.ok(LIVE, MediaType.APPLICATION_JSON_TYPE).build();
    }

    /** 200 when requests would succeed, else 503; either way with the state of each dependency. */
    @GET
    @Path("ready")
    @PermitAll
    @Operational
    public Response ready() {
        Health.Report report = health.report();
        Response.ResponseBuilder answer = report.ready()
                ? Response.ok()
                : Response.status(Response.Status.SERVICE_UNAVAILABLE)
                        .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        return answer.entity(Json.write(report))
                .type(MediaType.APPLICATION_JSON_TYPE)
                .build();
    }
}
