package org.gatehouse.session;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.user.Caller;
import org.jspecify.annotations.Nullable;

/** {@code /user/{id}/session}: lets administrators list and end the sessions of any user. */
@Path("user/{id}/session")
@Produces(MediaType.APPLICATION_JSON)
public final class UserSessionResource {
    private final SessionService sessions;

    public UserSessionResource(SessionService sessions) {
        this.sessions = sessions;
    }

    /** Returns 200 with one page of the user's sessions, latest first. */
    @GET
    @Requires(Permission.SESSIONS_READ)
    public Response list(
            @PathParam("id") String id,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @Context ContainerRequestContext request,
            @Context UriInfo uri) {
        Caller caller = Caller.of(request);
        return SessionJson.response(sessions.list(caller, id, limit, after), caller, uri);
    }

    /** Returns 204 after all of the user's sessions have ended. */
    @DELETE
    @Requires(Permission.SESSIONS_END)
    public void end(@PathParam("id") String id, @Context ContainerRequestContext request) {
        sessions.endAllOf(Caller.of(request), id);
    }
}
