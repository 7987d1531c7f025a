package org.gatehouse.login;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.Caller;

/** {@code PUT /user/{id}/password}: changes a password. */
@Path("user/{id}/password")
@Produces(MediaType.APPLICATION_JSON)
public final class PasswordResource {
    private final PasswordService passwords;

    public PasswordResource(PasswordService passwords) {
        this.passwords = passwords;
    }

    /** Returns 204 after the new password is in effect and all the user's sessions except the caller's have ended. */
    @PUT
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.USERS_WRITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public void change(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        passwords.change(Caller.of(request), id, body);
    }
}
