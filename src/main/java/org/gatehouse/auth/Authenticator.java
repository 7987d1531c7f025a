package org.gatehouse.auth;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BearerToken;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.LiveSession;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;

/**
 * Determines the caller of a request from its token.
 *
 * <p>The token must be valid, its session must be live, and its user must exist and be active. Every acknowledged
 * change of the session or the user is taken into account, even if another node made the change. Clients send the token
 * in the header {@code Authorization: Bearer}; clients of the legacy service use the header {@code auth}. The caller
 * has the user's current roles, even if the token contains other roles.
 */
public final class Authenticator {
    private static final String LEGACY_HEADER = "auth";
    /** A JWT without the scheme {@code Bearer} before it. */
    private static final Pattern BARE_TOKEN = Pattern.compile("[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]*");

    private final TokenVerifier verifier;
    private final CachedSessions sessions;
    private final UserDao users;
    private final Runnable onCheck;

    /** @param onCheck called before each check of a token; password hashing uses fewer cores if checks are frequent */
    public Authenticator(TokenVerifier verifier, CachedSessions sessions, UserDao users, Runnable onCheck) {
        this.verifier = verifier;
        this.sessions = sessions;
        this.users = users;
        this.onCheck = onCheck;
    }

    /** A valid token and its caller. */
    record Authenticated(AccessToken token, Caller caller) {}

    /**
     * Returns the caller of the request, or empty if the request has no token.
     *
     * @throws GatehouseException the {@code TOKEN_*} code of the problem, {@code SESSION_ENDED}, {@code BUSY}
     *     or {@code STORE_UNAVAILABLE}
     */
    public Optional<Caller> callerIfAny(ContainerRequestContext request) {
        ClientInfo clientInfo = ClientInfo.of(request);
        Optional<String> sent = tokenOf(request);
        if (sent.isEmpty()
                && valuesOf(request, HttpHeaders.AUTHORIZATION).stream()
                        .anyMatch(value -> BARE_TOKEN.matcher(value.strip()).matches())) {
            // A bare token is rejected. Otherwise, a method that is open to all would treat the client as anonymous.
            throw tokenMissing(request);
        }
        return sent.map(
                token -> authenticate(token, clientInfo.source(), clientInfo).caller());
    }

    /** Returns the exception for a missing token, with a hint if the request has an {@code Authorization} header. */
    static GatehouseException tokenMissing(ContainerRequestContext request) {
        GatehouseException missing = new GatehouseException(ErrorCode.TOKEN_MISSING);
        return valuesOf(request, HttpHeaders.AUTHORIZATION).isEmpty()
                ? missing
                : missing.withHint("The header Authorization must begin with 'Bearer '");
    }

    /**
     * Checks a token and the current state of its session and its user.
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
     * @throws GatehouseException {@code TOKEN_AMBIGUOUS}, {@code STORE_UNAVAILABLE}, {@code BUSY}
     */
    public Optional<Caller> callerForLogout(ContainerRequestContext request) {
        String token = tokenOf(request).orElse(null);
        if (token == null) {
            return Optional.empty();
        }
        ClientInfo clientInfo = ClientInfo.of(request);
        try {
            return Optional.of(caller(verifier.verifyEvenIfExpired(token, clientInfo.source()), clientInfo));
        } catch (GatehouseException rejected) {
            if (rejected.code().status() == 401) {
                return Optional.empty();
            }
            throw rejected;
        }
    }

    /** Returns whether the session is live and the user is an active administrator. The token may have expired. */
    public boolean isStillAdministrator(Caller caller) {
        return live(caller.userId(), caller.sessionId(), caller.clientInfo())
                .filter(Caller::isAdmin)
                .isPresent();
    }

    private Caller caller(AccessToken token, ClientInfo clientInfo) {
        return live(token.userId(), token.sessionId(), clientInfo)
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    /** Returns the caller, or empty if the session has ended, or if the user is deleted or disabled. */
    private Optional<Caller> live(UserId userId, SessionId sessionId, ClientInfo clientInfo) {
        Supplier<Optional<LiveSession>> pendingSession = sessions.findAsync(sessionId);
        Supplier<Optional<User>> pendingUser = users.findAsync(userId);
        return pendingSession
                .get()
                .filter(session -> session.userId().equals(userId))
                .flatMap(session -> pendingUser
                        .get()
                        .filter(user -> user.allows(sessionId, session.epoch()))
                        .map(user -> new Caller(user, sessionId, session.epoch(), clientInfo)));
    }

    private static Optional<String> tokenOf(ContainerRequestContext request) {
        String token = "";
        for (String value : valuesOf(request, HttpHeaders.AUTHORIZATION)) {
            token = onlyOf(token, BearerToken.of(value).orElse(""));
        }
        for (String value : valuesOf(request, LEGACY_HEADER)) {
            token = onlyOf(token, BearerToken.of(value).orElseGet(value::strip));
        }
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
    }

    /** Returns the token that is not empty; both may be the same. */
    private static String onlyOf(String first, String second) {
        if (!first.isEmpty() && !second.isEmpty() && !first.equals(second)) {
            throw new GatehouseException(ErrorCode.TOKEN_AMBIGUOUS);
        }
        return first.isEmpty() ? second : first;
    }

    private static List<String> valuesOf(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }
}
