package org.gatehouse.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Form;
import jakarta.ws.rs.core.MediaType;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.auth.Authenticator.Authenticated;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.FormParameters;
import org.gatehouse.http.OAuthErrors;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.RefreshableSession;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.Caller;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.ServiceCaller;
import org.gatehouse.user.UserCaller;

/** {@code POST /introspect} (RFC 7662): checks a token for a service that does not verify tokens itself. */
@Path("introspect")
@Produces(MediaType.APPLICATION_JSON)
public final class IntrospectionResource {
    private static final String ACTIVE = "active";
    private static final String TOKEN = "token";
    /** The value of this parameter is ignored, because the format shows the type of a token. */
    private static final String TOKEN_TYPE_HINT = "token_type_hint";

    private final Authenticator authenticator;
    private final SessionService sessions;
    private final CachedSessions stored;
    private final FactorRule factorRule;
    private final String issuer;
    private final String audience;

    IntrospectionResource(
            Authenticator authenticator,
            SessionService sessions,
            CachedSessions stored,
            FactorRule factorRule,
            String issuer,
            String audience) {
        this.authenticator = authenticator;
        this.sessions = sessions;
        this.stored = stored;
        this.factorRule = factorRule;
        this.issuer = issuer;
        this.audience = audience;
    }

    /**
     * Returns 200 with the claims of the token and the current name and roles of its user. For an invalid token, the
     * body is only {@code {"active":false}}, without a reason (RFC 7662, section 2.2). Unknown parameters are ignored
     * (RFC 6749, section 3.2).
     */
    @POST
    @Requires(Permission.TOKENS_INTROSPECT)
    @AllowsBasic
    @OAuthErrors
    @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
    public byte[] introspect(Form form, @Context ContainerRequestContext request) {
        FormParameters parameters = new FormParameters(form);
        String token = parameters.requiredEvenIfEmpty(TOKEN);
        var unusedHint = parameters.optional(TOKEN_TYPE_HINT);
        RefreshableSession session = sessions.findByRefreshToken(token).orElse(null);
        ObjectNode response = Json.MAPPER.createObjectNode();
        if (session != null) {
            if (factorRule.requiresEnrolment(session.user())) {
                response.put(ACTIVE, false);
            } else {
                write(session, response);
            }
            return Json.write(response);
        }
        try {
            ClientInfo clientInfo = ClientInfo.of(request);
            Authenticated authenticated =
                    authenticator.authenticate(token, "introspection by " + clientInfo.source(), clientInfo);
            authenticator.requireEnrolled(authenticated);
            write(authenticated, response);
        } catch (GatehouseException rejected) {
            if (rejected.code().status() != 401 && rejected.code() != ErrorCode.FACTOR_ENROLMENT_REQUIRED) {
                throw rejected;
            }
            response.put(ACTIVE, false);
        }
        return Json.write(response);
    }

    private void write(Authenticated authenticated, ObjectNode response) {
        AccessToken token = Objects.requireNonNull(authenticated.token());
        Caller caller = authenticated.caller();
        response.put(ACTIVE, true);
        response.put("token_type", "Bearer");
        response.put("sub", caller.id().hex());
        response.put("client_id", token.clientId());
        if (token.subject() instanceof UserSession session) {
            response.put("sid", session.sessionId().text());
        }
        if (caller instanceof UserCaller user) {
            response.put("username", user.user().username());
            Optional.ofNullable(user.authentication())
                    .or(() -> stored.authentication(user.sessionId())) // for a token of an earlier version
                    .ifPresent(authentication -> write(authentication, response));
        }
        if (caller instanceof ServiceCaller service) {
            response.put(TokenIssuer.AUTH_TIME, service.authentication().time().getEpochSecond());
        }
        writeRoles(caller.roles(), response);
        response.put("exp", token.expiresAt().getEpochSecond());
        response.put("iat", token.issuedAt().getEpochSecond());
        response.put("iss", token.issuer());
        response.put("aud", token.enrolment() ? Settings.ENROLMENT_AUDIENCE : audience);
        response.put("jti", token.id());
    }

    private void write(RefreshableSession session, ObjectNode response) {
        response.put(ACTIVE, true);
        response.put("token_type", "refresh_token");
        response.put("sub", session.user().id().hex());
        response.put("client_id", audience);
        response.put("sid", session.id().text());
        response.put("username", session.user().username());
        write(session.authentication(), response);
        writeRoles(session.user().roles(), response);
        response.put("exp", session.expiresAt().getEpochSecond());
        response.put("iat", session.lastSeenAt().getEpochSecond());
        response.put("iss", issuer);
    }

    private static void write(Authentication authentication, ObjectNode response) {
        response.put(TokenIssuer.AUTH_TIME, authentication.time().getEpochSecond());
        authentication.amr().forEach(response.putArray(TokenIssuer.AMR)::add);
        response.put(TokenIssuer.ACR, authentication.acr());
    }

    private static void writeRoles(Set<String> roles, ObjectNode response) {
        roles.stream().sorted().forEach(response.putArray("roles")::add);
        if (!roles.isEmpty()) {
            response.put("scope", Scope.text(roles));
        }
    }
}
