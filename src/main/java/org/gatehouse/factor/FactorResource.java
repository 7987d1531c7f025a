package org.gatehouse.factor;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
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

/** {@code /factor}: lets users list, add and remove their own factors. */
@Path("factor")
@Produces(MediaType.APPLICATION_JSON)
public final class FactorResource {
    private final FactorService factors;
    private final TotpEnrolment totp;
    private final SessionCookie cookie;

    FactorResource(FactorService factors, TotpEnrolment totp, SessionCookie cookie) {
        this.factors = factors;
        this.totp = totp;
        this.cookie = cookie;
    }

    /** Returns 200 with the caller's factors and the number of unused recovery codes. */
    @GET
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    public byte[] list(@Context ContainerRequestContext request) {
        return Json.write(factors.list(UserCaller.of(request)));
    }

    /** Returns 201 with the secret of a new TOTP device, which the user must confirm. */
    @POST
    @Path("totp")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    @Consumes(MediaType.APPLICATION_JSON)
    public Response addTotp(JsonBody body, @Context ContainerRequestContext request) {
        return Response.status(Status.CREATED)
                .entity(Json.write(totp.begin(UserCaller.of(request), body)))
                .build();
    }

    /** Returns 200 with the new factor and a new access token of the session; with the first factor, also recovery codes. */
    @POST
    @Path("{id}/confirm")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] confirm(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        boolean asked = cookie.requireAllowedIfAsked(body, request);
        return cookie.write(totp.confirm(UserCaller.of(request), id, body), asked, request);
    }

    /** Returns 204 after the factor has been removed. */
    @DELETE
    @Path("{id}")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    public void remove(@PathParam("id") String id, @Context ContainerRequestContext request) {
        factors.remove(UserCaller.of(request), id);
    }

    /** Returns 200 with new recovery codes, which replace all earlier ones. */
    @POST
    @Path("recovery-codes")
    @RolesAllowed(Roles.ANY)
    @AllowsEnrolment
    public byte[] replaceRecoveryCodes(JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        return Json.write(factors.replaceRecoveryCodes(UserCaller.of(request)));
    }
}
