package org.gatehouse.auth;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Form;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.gatehouse.auth.AccessToken.Service;
import org.gatehouse.auth.AccessToken.Subject;
import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.FormParameters;
import org.gatehouse.http.OAuthErrors;
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.service.ServiceAccounts;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.Caller;

/** {@code POST /revoke} (RFC 7009): ends an access token or a refresh token. */
@Path("revoke")
@Produces(MediaType.APPLICATION_JSON)
public final class RevocationResource {
    private static final String TOKEN = "token";
    /** The value of this parameter is ignored, because the format shows the type of a token. */
    private static final String TOKEN_TYPE_HINT = "token_type_hint";

    private final Authenticator authenticator;
    private final SessionService sessions;
    private final ServiceAccounts services;

    RevocationResource(Authenticator authenticator, SessionService sessions, ServiceAccounts services) {
        this.authenticator = authenticator;
        this.sessions = sessions;
        this.services = services;
    }

    /**
     * Returns 200 after the token is rejected on all nodes, also if it was unknown or had expired (RFC 7009, section
     * 2.2). The end of a user's token ends its session, and so all its tokens. The end of a service's token ends all
     * tokens of the service. Callers without the permission {@code tokens:revoke} may only end their own tokens.
     */
    @POST
    @RolesAllowed(Roles.ANY)
    @Requires(Permission.TOKENS_REVOKE)
    @AllowsBasic
    @OAuthErrors
    @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
    public Response revoke(Form form, @Context ContainerRequestContext request) {
        FormParameters parameters = new FormParameters(form);
        String token = parameters.required(TOKEN);
        var unusedHint = parameters.optional(TOKEN_TYPE_HINT);
        Caller caller = Caller.of(request);
        subject(token, ClientInfo.of(request)).ifPresent(subject -> end(caller, subject));
        return Response.ok().build();
    }

    private Optional<Subject> subject(String token, ClientInfo clientInfo) {
        // An earlier refresh token also ends the session, because the client may have lost the answer with its
        // successor.
        Optional<Subject> ofRefreshToken =
                sessions.findByAnyRefreshToken(token).map(session -> new UserSession(session.userId(), session.id()));
        if (ofRefreshToken.isPresent()) {
            return ofRefreshToken;
        }
        try {
            return Optional.of(authenticator
                    .verifyEvenIfExpired(token, "revocation by " + clientInfo.source())
                    .subject());
        } catch (GatehouseException rejected) {
            if (rejected.code().status() != 401) {
                throw rejected;
            }
            return Optional.empty();
        }
    }

    private void end(Caller caller, Subject subject) {
        if (subject instanceof Service service) {
            requireOwner(caller, service.id());
            services.endTokens(caller, service.id(), service.epoch());
        } else if (subject instanceof UserSession session) {
            requireOwner(caller, session.userId());
            sessions.revoke(caller, session.userId(), session.sessionId());
        }
    }

    private static void requireOwner(Caller caller, AccountId owner) {
        if (!caller.may(Permission.TOKENS_REVOKE) && !caller.id().equals(owner)) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "Without the role introspect, a caller may only end its own tokens.");
        }
    }
}
