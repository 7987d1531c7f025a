package org.gatehouse.account;

import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.gatehouse.auth.Authenticator;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.UserCaller;

/** {@code /email}: verifies and restores addresses. */
@Path("email")
@Produces(MediaType.APPLICATION_JSON)
public final class EmailResource {
    private final AddressService addresses;
    private final Authenticator authenticator;

    EmailResource(AddressService addresses, Authenticator authenticator) {
        this.addresses = addresses;
        this.authenticator = authenticator;
    }

    /** Returns 202 after a mail to the caller's address is queued, or 204 if the address is already verified. */
    @POST
    @Path("verification")
    @RolesAllowed(Roles.ANY)
    public Response requestVerification(JsonBody body, @Context ContainerRequestContext request) {
        body.requireEmpty();
        return addresses.requestVerification(UserCaller.of(request))
                ? Accepted.queued()
                : Response.noContent().build();
    }

    /** Returns 204 after the address is verified. The request needs a token or the password of the account. */
    @POST
    @Path("confirm")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public void confirm(JsonBody body, @Context ContainerRequestContext request) {
        addresses.confirm(body, authenticator.optionalCaller(request).orElse(null), ClientInfo.of(request));
    }

    /** Returns 204 after the old address is restored and all sessions of the user have ended. */
    @POST
    @Path("undo")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public void undo(JsonBody body, @Context ContainerRequestContext request) {
        addresses.undo(body, ClientInfo.of(request));
    }
}
