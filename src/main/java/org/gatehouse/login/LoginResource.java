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
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.JsonBody;

/** {@code POST /login}: exchanges a username and a password for tokens. */
@Path("login")
@Produces(MediaType.APPLICATION_JSON)
public final class LoginResource {
    private static final String USERNAME = "username";
    private static final String PASSWORD = "password";

    private final LoginService logins;
    private final SessionCookie cookie;

    LoginResource(LoginService logins, SessionCookie cookie) {
        this.logins = logins;
        this.cookie = cookie;
    }

    /** Returns 200 with the tokens and the user. */
    @POST
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] login(JsonBody body, @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        String username = body.requiredText(USERNAME, errors);
        String password = body.requiredText(PASSWORD, errors);
        LoginOptions options = LoginOptions.read(body, errors);
        boolean missing = errors.hasErrorFor(USERNAME) || errors.hasErrorFor(PASSWORD);
        body.rejectUnknown(LoginOptions.and(List.of(USERNAME, PASSWORD)), errors);
        errors.throwIfAny(missing ? ErrorCode.CREDENTIALS_MISSING : ErrorCode.VALIDATION_FAILED);
        if (options.cookie()) {
            cookie.requireAllowed(request);
        }
        return cookie.write(
                logins.login(username, password, options.keepAccount(), ClientInfo.of(request)),
                options.cookie(),
                request);
    }
}
