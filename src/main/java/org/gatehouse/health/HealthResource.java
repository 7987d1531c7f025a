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
 * {@code /health}: reports liveness and readiness to load balancers and orchestrators.
 *
 * <p>Both endpoints are public, respond without waiting, and do not access the stores.
 */
@Path("health")
@Produces({MediaType.APPLICATION_JSON, MediaType.WILDCARD})
public final class HealthResource {
    private static final byte[] LIVE = "{\"status\":\"live\"}".getBytes(StandardCharsets.UTF_8);

    /** This time is short, because each store is probed twice a second. A recovery is therefore detected soon. */
    private static final int RETRY_AFTER_SECONDS = 2;

    private final Health health;

    public HealthResource(Health health) {
        this.health = health;
    }

    /** Returns 200 even if a store is unavailable, because a restart of this process would not help. */
    @GET
    @Path("live")
    @PermitAll
    @Operational
    public Response live() {
        return Response.ok(LIVE, MediaType.APPLICATION_JSON_TYPE).build();
    }

    /** Returns 200 if the service is ready, otherwise 503. The body contains the state of each dependency. */
    @GET
    @Path("ready")
    @PermitAll
    @Operational
    public Response ready() {
        Health.Report report = health.report();
        Response.ResponseBuilder response = report.ready()
                ? Response.ok()
                : Response.status(Response.Status.SERVICE_UNAVAILABLE)
                        .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        return response.entity(Json.write(report))
                .type(MediaType.APPLICATION_JSON_TYPE)
                .build();
    }
}
