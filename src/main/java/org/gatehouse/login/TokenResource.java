package org.gatehouse.login;

import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;

/** {@code POST /token/refresh}: exchanges a refresh token for a new pair of tokens. */
@Path("token")
@Produces(MediaType.APPLICATION_JSON)
public final class TokenResource {
    private static final String REFRESH_TOKEN = "refreshToken";

    private final TokenGrants grants;

    TokenResource(TokenGrants grants) {
        this.grants = grants;
    }

    /** Returns 200 with the tokens and the user, in the same format as after a login. */
    @POST
    @Path("refresh")
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] refresh(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        String token = body.requiredText(REFRESH_TOKEN, errors);
        body.rejectUnknown(List.of(REFRESH_TOKEN), errors);
        errors.throwIfAny();
        return Json.write(grants.refresh(token, ClientInfo.of(request)));
    }
}
