package org.gatehouse.factor;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.Status;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.AllowsEnrolment;
import org.gatehouse.user.UserCaller;

/** {@code /passkey}: lets users add passkeys. The calls of {@link FactorResource} list and remove them. */
@Path("passkey")
@Produces(MediaType.APPLICATION_JSON)
public final class PasskeyResource {
    private final PasskeyEnrolment enrolment;
    private final SessionCookie cookie;

    PasskeyResource(PasskeyEnrolment enrolment, SessionCookie cookie) {
        this.enrolment = enrolment;
        this.cookie = cookie;
    }

    /** Returns 200 with the options for {@code navigator.credentials.create}. */
    @POST
    @Path("options")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    public byte[] options(JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        return Json.write(enrolment.options(UserCaller.of(request)));
    }

    /** Returns 201 with the new factor and a new access token of the session; with the first factor, also recovery codes. */
    @POST
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    @Consumes(MediaType.APPLICATION_JSON)
    public Response add(JsonBody body, @Context ContainerRequestContext request) {
        boolean asked = cookie.requireAllowedIfAsked(body, request);
        return Response.status(Status.CREATED)
                .entity(cookie.write(enrolment.add(UserCaller.of(request), body), asked, request))
                .build();
    }
}
