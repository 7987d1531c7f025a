package org.gatehouse.auth;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BasicCredentials;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.service.CachedServices;
import org.gatehouse.service.ClientAuthenticator;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.LiveSession;
import org.gatehouse.user.Caller;
import org.gatehouse.user.ServiceCaller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserDao;
import org.jspecify.annotations.Nullable;

/**
 * Determines the caller of a request from its token.
 *
 * <p>The token must be valid. The session and the user of a user's token must be live and active, and so must the account
 * of a service's token. Every acknowledged change of these is taken into account, even if another node made the change.
 * Clients send the token in the header {@code Authorization: Bearer}; clients of the legacy service use the header
 * {@code auth}. A user has the current roles, even if the token contains other roles. A service has the roles that both
 * its account and its token contain. Some methods also accept the id and a secret of a service ({@link AllowsBasic}).
 */
public final class Authenticator {
    private final TokenVerifier verifier;
    private final CachedSessions sessions;
    private final UserDao users;
    private final CachedServices services;
    private final ClientAuthenticator clients;
    private final EnrolmentCheck enrolment;
    private final Runnable onCheck;

    /** @param onCheck called before each check of a token; password hashing uses fewer cores if checks are frequent */
    Authenticator(
            TokenVerifier verifier,
            CachedSessions sessions,
            UserDao users,
            CachedServices services,
            ClientAuthenticator clients,
            EnrolmentCheck enrolment,
            Runnable onCheck) {
        this.verifier = verifier;
        this.sessions = sessions;
        this.users = users;
        this.services = services;
        this.clients = clients;
        this.enrolment = enrolment;
        this.onCheck = onCheck;
    }

    /**
     * The caller of a request.
     *
     * @param token the verified token; null for a service that sent its id and a secret
     */
    record Authenticated(@Nullable AccessToken token, Caller caller) {}

    /**
     * Returns the caller of a request to a method that does not require a token; empty if the request has none.
     *
     * @throws GatehouseException for the same reasons as a method that requires a token
     */
    public Optional<Caller> optionalCaller(ContainerRequestContext request) {
        Optional<Authenticated> authenticated = authenticateIfAny(request, false);
        authenticated.ifPresent(this::requireEnrolled);
        return authenticated.map(Authenticated::caller);
    }

    /**
     * Returns the caller of the request, who may have to add a second factor first; empty if the request has no
     * credentials.
     *
     * @param allowsBasic whether the id and a secret of a service are also accepted
     * @throws GatehouseException the {@code TOKEN_*} code of the problem, {@code SESSION_ENDED}, {@code CLIENT_WRONG},
     *     {@code CLIENT_AMBIGUOUS}, {@code LOGIN_THROTTLED}, {@code BUSY} or {@code STORE_UNAVAILABLE}
     */
    Optional<Authenticated> authenticateIfAny(ContainerRequestContext request, boolean allowsBasic) {
        ClientInfo clientInfo = ClientInfo.of(request);
        Optional<String> sent = RequestCredentials.tokenOf(request);
        if (allowsBasic) {
            BasicCredentials basic = RequestCredentials.basicOf(request).orElse(null);
            if (basic != null && sent.isPresent()) {
                throw new GatehouseException(ErrorCode.CLIENT_AMBIGUOUS);
            }
            if (basic != null) {
                return Optional.of(new Authenticated(null, clients.authenticate(basic, clientInfo)));
            }
        }
        if (sent.isEmpty() && RequestCredentials.hasBareToken(request)) {
            // A bare token is rejected. Otherwise, a method that is open to all would treat the client as anonymous.
            throw RequestCredentials.tokenMissing(request);
        }
        return sent.map(token -> authenticate(token, clientInfo.source(), clientInfo));
    }

    /**
     * Rejects a user who must add a second factor first.
     *
     * @throws GatehouseException {@code FACTOR_ENROLMENT_REQUIRED}; {@code STORE_UNAVAILABLE}
     */
    void requireEnrolled(Authenticated authenticated) {
        enrolment.require(authenticated.token(), authenticated.caller());
    }

    /**
     * Checks a token and the current state of its session and its user, who may have to add a second factor first.
     *
     * @param source the sender of the token; {@link VerificationBulkhead} limits senders of many bad tokens
     * @throws GatehouseException the {@code TOKEN_*} code of the problem, {@code SESSION_ENDED}, {@code BUSY}
     *     or {@code STORE_UNAVAILABLE}
     */
    Authenticated authenticate(String token, String source, ClientInfo clientInfo) {
        onCheck.run();
        AccessToken verified = verifier.verify(token, source);
        return new Authenticated(verified, caller(verified, clientInfo));
    }

    /**
     * Returns the caller of a logout request, or empty if the request does not have a token of a live session. An
     * expired token is accepted, because its session may still be live.
     *
     * @throws GatehouseException {@code TOKEN_AMBIGUOUS}, {@code STORE_UNAVAILABLE}, {@code BUSY}; {@code FORBIDDEN} if
     *     the caller is a service
     */
    public Optional<UserCaller> callerForLogout(ContainerRequestContext request) {
        String token = RequestCredentials.tokenOf(request).orElse(null);
        if (token == null) {
            return Optional.empty();
        }
        ClientInfo clientInfo = ClientInfo.of(request);
        try {
            return Optional.of(caller(verifier.verifyEvenIfExpired(token, clientInfo.source()), clientInfo)
                    .requireUser());
        } catch (GatehouseException rejected) {
            if (rejected.code().status() == 401) {
                return Optional.empty();
            }
            throw rejected;
        }
    }

    /** Returns whether the caller is still valid and has the permission. The token may have expired. */
    public boolean isStillAllowed(Caller caller, Permission permission) {
        Optional<? extends Caller> now = caller instanceof ServiceCaller service
                ? services.caller(
                        service.id(), service.roles(), service.epoch(), service.authentication(), service.clientInfo())
                : live(
                        new UserSession(
                                caller.requireUser().id(), caller.requireUser().sessionId()),
                        caller.requireUser().authentication(),
                        caller.clientInfo());
        return now.filter(current -> current.may(permission))
                .filter(enrolment::isSatisfied)
                .isPresent();
    }

    /**
     * Verifies the signature and the claims of a token, but neither its expiry nor whether its session is live.
     *
     * @throws GatehouseException the {@code TOKEN_*} code of the problem; {@code BUSY} or {@code STORE_UNAVAILABLE}
     */
    AccessToken verifyEvenIfExpired(String token, String source) {
        return verifier.verifyEvenIfExpired(token, source);
    }

    private Caller caller(AccessToken token, ClientInfo clientInfo) {
        if (token.subject() instanceof AccessToken.Service service) {
            return services.caller(
                            service.id(),
                            token.roles(),
                            service.epoch(),
                            Authentication.service(token.issuedAt()),
                            clientInfo)
                    .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
        }
        UserSession session = (UserSession) token.subject();
        return live(session, token.authentication(), clientInfo)
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    /** Returns the caller, or empty if the session has ended, or if the user is deleted or disabled. */
    private Optional<UserCaller> live(UserSession of, @Nullable Authentication authentication, ClientInfo clientInfo) {
        UserId userId = of.userId();
        SessionId sessionId = of.sessionId();
        Supplier<Optional<LiveSession>> pendingSession = sessions.findAsync(sessionId);
        Supplier<Optional<User>> pendingUser = users.findAsync(userId);
        return pendingSession
                .get()
                .filter(session -> session.userId().equals(userId))
                .flatMap(session -> pendingUser
                        .get()
                        .filter(user -> user.allows(sessionId, session.epoch()))
                        .map(user -> new UserCaller(user, sessionId, session.epoch(), authentication, clientInfo)));
    }
}
