package org.gatehouse.login;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.http.Json;

/**
 * {@code POST /logout}: always succeeds, whatever token comes with it or none.
 *
 * <p>Tokens are valid until they expire, so the client ends a login by forgetting its token.
 */
@Path("logout")
@Produces(MediaType.APPLICATION_JSON)
public final class LogoutResource {
    /** 200; the body of the request does not matter. */
    @POST
    @PermitAll
    public byte[] logout() {
        return Json.write(
                Json.MAPPER.createObjectNode().put("status", "success").put("message", "Logged out successfully!"));
    }
}
