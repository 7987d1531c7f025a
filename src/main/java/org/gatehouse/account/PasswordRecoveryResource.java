package org.gatehouse.account;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.json.JsonBody;

/** {@code /password}: sets a new password with a proof from a mail. */
@Path("password")
@Produces(MediaType.APPLICATION_JSON)
public final class PasswordRecoveryResource {
    private final PasswordRecovery recovery;

    PasswordRecoveryResource(PasswordRecovery recovery) {
        this.recovery = recovery;
    }

    /** Returns 202, whether the account exists or not. */
    @POST
    @Path("forgot")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public Response forgot(JsonBody body, @Context ContainerRequestContext request) {
        recovery.request(body, ClientInfo.of(request));
        return Accepted.perhaps();
    }

    /** Returns 204 after the new password is in effect and all sessions of the user have ended. */
    @POST
    @Path("reset")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public void reset(JsonBody body, @Context ContainerRequestContext request) {
        recovery.reset(body, ClientInfo.of(request));
    }
}
