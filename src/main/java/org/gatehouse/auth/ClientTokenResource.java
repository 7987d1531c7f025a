package org.gatehouse.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Form;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BasicCredentials;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.FormParameters;
import org.gatehouse.http.OAuthErrors;
import org.gatehouse.json.Json;
import org.gatehouse.service.ClientAuthenticator;
import org.gatehouse.user.ServiceCaller;

/** {@code POST /token}: exchanges the id and a secret of a service for an access token (RFC 6749, section 4.4). */
@Path("token")
@Produces(MediaType.APPLICATION_JSON)
public final class ClientTokenResource {
    private static final String GRANT_TYPE = "client_credentials";

    private final ClientAuthenticator clients;
    private final TokenIssuer tokens;

    ClientTokenResource(ClientAuthenticator clients, TokenIssuer tokens) {
        this.clients = clients;
        this.tokens = tokens;
    }

    /** Returns 200 with an access token. There is no refresh token (RFC 6749, section 4.4.3). */
    @POST
    @PermitAll
    @OAuthErrors
    @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
    public Response issue(Form form, @Context ContainerRequestContext request) {
        FormParameters parameters = new FormParameters(form);
        String grantType = parameters.required("grant_type");
        String requested = parameters.optional("scope").orElse("");
        BasicCredentials credentials = credentials(parameters, request);
        if (!grantType.equals(GRANT_TYPE)) {
            throw new GatehouseException(ErrorCode.GRANT_TYPE_UNSUPPORTED);
        }
        ServiceCaller service = clients.authenticate(credentials, ClientInfo.of(request));
        Set<String> scope = Scope.of(requested, service.roles());
        TokenIssuer.Issued issued = tokens.issue(service, scope);
        ObjectNode response = Json.MAPPER.createObjectNode();
        response.put("access_token", issued.token());
        response.put("token_type", "Bearer");
        response.put("expires_in", issued.lifetime().toSeconds());
        if (!scope.isEmpty()) {
            response.put("scope", Scope.text(scope));
        }
        return Response.ok(Json.write(response)).header("Pragma", "no-cache").build();
    }

    /** Returns the credentials from the header or the body. A client must not use both (RFC 6749, section 2.3). */
    private static BasicCredentials credentials(FormParameters parameters, ContainerRequestContext request) {
        String id = parameters.optional("client_id").orElse("");
        String secret = parameters.optional("client_secret").orElse("");
        BasicCredentials header = RequestCredentials.basicOf(request).orElse(null);
        boolean bearer = RequestCredentials.tokenOf(request).isPresent();
        if (header == null) {
            if (bearer) {
                throw new GatehouseException(ErrorCode.CLIENT_AMBIGUOUS);
            }
            return new BasicCredentials(id, secret);
        }
        if (bearer || !secret.isEmpty() || (!id.isEmpty() && !id.equalsIgnoreCase(header.id()))) {
            throw new GatehouseException(ErrorCode.CLIENT_AMBIGUOUS);
        }
        return header;
    }
}
