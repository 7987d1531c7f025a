package org.gatehouse.login;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.SecurityContext;
import org.gatehouse.auth.Caller;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.Fails;
import org.gatehouse.http.JsonBody;
import org.gatehouse.identity.Roles;

/** {@code PUT /user/{id}/password}. */
@Tag(name = "users")
@Path("user/{id}/password")
@Produces(MediaType.APPLICATION_JSON)
public final class PasswordResource {
    private final PasswordService passwords;

    public PasswordResource(PasswordService passwords) {
        this.passwords = passwords;
    }

    /** 204 when the new password counts and every other session of the user has ended. */
    @PUT
    @RolesAllowed(Roles.ANY)
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(operationId = "changePassword", summary = "Change a password, and end all other sessions")
    @RequestBody(ref = "PasswordChange")
    @ApiResponse(responseCode = "204", ref = "Done")
    @Fails({ErrorCode.VALIDATION_FAILED, ErrorCode.FORBIDDEN, ErrorCode.USER_NOT_FOUND, ErrorCode.LOGIN_THROTTLED})
    public void change(@PathParam("id") String id, JsonBody body, @Context SecurityContext security) {
        passwords.change((Caller) security.getUserPrincipal(), id, body);
    }
}
