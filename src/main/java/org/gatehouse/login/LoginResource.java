package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Json;
import org.gatehouse.http.JsonBody;
import org.gatehouse.user.UserJson;

/** {@code POST /login}: a name and a password for a token. */
@Path("login")
@Produces(MediaType.APPLICATION_JSON)
public final class LoginResource {
    private final LoginService logins;

    public LoginResource(LoginService logins) {
        this.logins = logins;
    }

    /** 200 with the token and the user. */
    @POST
    @PermitAll
    @Consumes(MediaType.APPLICATION_JSON)
    public byte[] login(JsonBody body) {
        Login login = logins.login(required(body, "username"), required(body, "password"));
        ObjectNode answer = Json.MAPPER.createObjectNode();
        answer.put("status", "success");
        answer.put("message", "Logged as " + login.user().username());
        answer.put("token", login.token());
        answer.put("tokenType", "Bearer");
        answer.put("expiresIn", login.lifetime().toSeconds());
        answer.set("user", UserJson.write(login.user()));
        return Json.write(answer);
    }

    private static String required(JsonBody body, String field) {
        return body.text(field).orElseThrow(() -> new GatehouseException(ErrorCode.CREDENTIALS_MISSING));
    }
}
