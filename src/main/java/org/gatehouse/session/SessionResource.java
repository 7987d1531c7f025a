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
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BooleanParam;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.Caller;
import org.gatehouse.user.UserCaller;
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
        UserCaller caller = UserCaller.of(request);
        return SessionJson.response(sessions.list(caller, caller.id().hex(), limit, after), caller, uri);
    }

    /**
     * Returns 204 after sessions have ended: with {@code others=true} those of the caller except the current one, with
     * {@code all=true} those of all users, with both those of all users except the current one. Only administrators may
     * end the sessions of all users.
     */
    @DELETE
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.SESSIONS_END_ALL)
    public void endSeveral(
            @QueryParam("others") @Nullable String others,
            @QueryParam("all") @Nullable String all,
            @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        boolean endsOthers = BooleanParam.parse("others", others, errors);
        boolean endsAll = BooleanParam.parse("all", all, errors);
        errors.throwIfAny();
        Caller caller = Caller.of(request);
        if (endsAll && !caller.may(Permission.SESSIONS_END_ALL)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        } else if (endsAll) {
            sessions.endAll(caller, endsOthers ? caller.requireUser().sessionId() : null);
        } else if (endsOthers) {
            sessions.endOthers(caller.requireUser());
        } else {
            throw GatehouseException.invalid(
                    "others", "or all must be true; to end one session, use DELETE /session/{sid}");
        }
    }

    /** Returns 204 after the caller's session with this id has ended. */
    @DELETE
    @Path("{sid}")
    @RolesAllowed(Roles.ANY)
    public void end(@PathParam("sid") String id, @Context ContainerRequestContext request) {
        sessions.end(UserCaller.of(request), id);
    }
}
