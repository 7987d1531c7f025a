package org.gatehouse.session;

import jakarta.annotation.security.RolesAllowed;
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
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.Caller;
import org.jspecify.annotations.Nullable;

/** {@code /session}: lets callers list and end their own sessions. */
@Path("session")
@Produces(MediaType.APPLICATION_JSON)
public final class SessionResource {
    private final SessionService sessions;

    public SessionResource(SessionService sessions) {
        this.sessions = sessions;
    }

    /** Returns 200 with one page of the caller's sessions, latest first. */
    @GET
    @RolesAllowed(Roles.ANY)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @Context ContainerRequestContext request,
            @Context UriInfo uri) {
        Caller caller = Caller.of(request);
        return SessionJson.response(sessions.list(caller, caller.userId().hex(), limit, after), caller, uri);
    }

    /** Returns 204 after all of the caller's other sessions have ended; the query must contain {@code others=true}. */
    @DELETE
    @RolesAllowed(Roles.ANY)
    public void endOthers(@QueryParam("others") @Nullable String others, @Context ContainerRequestContext request) {
        if (!"true".equals(others)) {
            throw GatehouseException.invalid("others", "must be true; to end one session, use DELETE /session/{sid}");
        }
        sessions.endOthers(Caller.of(request));
    }

    /** Returns 204 after the caller's session with this id has ended. */
    @DELETE
    @Path("{sid}")
    @RolesAllowed(Roles.ANY)
    public void end(@PathParam("sid") String id, @Context ContainerRequestContext request) {
        sessions.end(Caller.of(request), id);
    }
}
