package org.gatehouse.overview;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.user.Caller;

/** {@code /user/{id}/overview}: shows one user in one response, and why a login of this user may fail. */
@Path("user/{id}/overview")
@Produces(MediaType.APPLICATION_JSON)
public final class UserOverviewResource {
    private final UserOverview overview;

    UserOverviewResource(UserOverview overview) {
        this.overview = overview;
    }

    /** Returns 200 with the user, the causes, and the parts that the caller may see. */
    @GET
    @Requires(Permission.USERS_READ)
    public byte[] find(@PathParam("id") String id, @Context ContainerRequestContext request) {
        return Json.write(overview.of(Caller.of(request), id));
    }
}
