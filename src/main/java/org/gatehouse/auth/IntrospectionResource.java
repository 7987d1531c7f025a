package org.gatehouse.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Form;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Objects;
import org.gatehouse.auth.Authenticator.Authenticated;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Roles;
import org.gatehouse.json.Json;
import org.gatehouse.user.User;

/** {@code POST /introspect} (RFC 7662): checks a token for a service that does not verify tokens itself. */
@Path("introspect")
@Produces(MediaType.APPLICATION_JSON)
public final class IntrospectionResource {
    private static final String TOKEN = "token";
    /** The value of this parameter is ignored, because only access tokens can be introspected. */
    private static final String TOKEN_TYPE_HINT = "token_type_hint";

    private final Authenticator authenticator;
    private final String audience;

    public IntrospectionResource(Authenticator authenticator, String audience) {
        this.authenticator = authenticator;
        this.audience = audience;
    }

    /**
     * Returns 200 with the claims of the token and the user's current name and roles. For an invalid token, the body is
     * only {@code {"active":false}}, without a reason (RFC 7662, section 2.2). Unknown parameters are ignored (RFC
     * 6749, section 3.2).
     */
    @POST
    @RolesAllowed({Roles.INTROSPECT, Roles.ADMIN})
    @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
    public byte[] introspect(Form form, @Context ContainerRequestContext request) {
        List<String> tokens = form.asMap().getOrDefault(TOKEN, List.of());
        if (tokens.size() != 1) {
            throw GatehouseException.invalid(TOKEN, "is required exactly once");
        }
        if (form.asMap().getOrDefault(TOKEN_TYPE_HINT, List.of()).size() > 1) {
            throw GatehouseException.invalid(TOKEN_TYPE_HINT, "occurs more than once");
        }
        ObjectNode response = Json.MAPPER.createObjectNode();
        try {
            // This source differs from the source of the calling service's own requests, so bad introspected tokens do
            // not cause the rejection of those requests.
            ClientInfo clientInfo = ClientInfo.of(request);
            String source = "introspection by " + clientInfo.source();
            // The value of a parameter without "=" is null.
            String token = Objects.requireNonNullElse(tokens.get(0), "");
            write(authenticator.authenticate(token, source, clientInfo), response);
        } catch (GatehouseException rejected) {
            if (rejected.code().status() != 401) {
                throw rejected;
            }
            response.put("active", false);
        }
        return Json.write(response);
    }

    private void write(Authenticated authenticated, ObjectNode response) {
        AccessToken token = authenticated.token();
        User user = authenticated.caller().user();
        response.put("active", true);
        response.put("sub", user.id().hex());
        response.put("sid", token.sessionId().text());
        response.put("username", user.username());
        user.roles().stream().sorted().forEach(response.putArray("roles")::add);
        response.put("exp", token.expiresAt().getEpochSecond());
        response.put("iat", token.issuedAt().getEpochSecond());
        response.put("iss", token.issuer());
        response.put("aud", audience);
        response.put("jti", token.id());
    }
}
