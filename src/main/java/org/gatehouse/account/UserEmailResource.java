package org.gatehouse.account;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.Caller;

/** {@code PUT /user/{id}/email}: changes an address. */
@Path("user/{id}/email")
@Produces(MediaType.APPLICATION_JSON)
public final class UserEmailResource {
    private final AddressService addresses;

    UserEmailResource(AddressService addresses) {
        this.addresses = addresses;
    }

    /** Returns 202 after a mail to the new address is queued, or 204 if the change does not need a proof. */
    @PUT
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.USERS_WRITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response change(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        return addresses.change(Caller.of(request), id, body)
                ? Accepted.queued()
                : Response.noContent().build();
    }
}
