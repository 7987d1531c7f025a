package org.gatehouse.auth;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.gatehouse.auth.LiveSessions.LiveSession;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BearerToken;
import org.gatehouse.http.Origin;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * Finds out who is calling.
 *
 * <p>A good signature is not enough: the session must not have ended, and the user must exist and be active, both as of
 * now, on whichever node that was changed. The token comes in {@code Authorization: Bearer} or, as in the original
 * service, in {@code auth}. What the caller may do is what the user may do now, whatever the token says.
 */
public final class Authenticator {
    private static final String ORIGINAL_HEADER = "auth";
    /** A JWT without a scheme before it. */
    private static final Pattern BARE_TOKEN = Pattern.compile("[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]*");

    private final TokenVerifier verifier;
    private final LiveSessions sessions;
    private final Accounts accounts;
    private final Runnable onCheck;

    /** @param onCheck told of each token before it is checked, for those who must leave room for that */
    public Authenticator(TokenVerifier verifier, LiveSessions sessions, Accounts accounts, Runnable onCheck) {
        this.verifier = verifier;
        this.sessions = sessions;
        this.accounts = accounts;
        this.onCheck = onCheck;
    }

    /** A token that counts, and whom it stands for. */
    public record Authenticated(AccessToken token, LiveSession session, Account account) {
        Caller caller(Origin origin) {
            return new Caller(account, session.id(), session.epoch(), origin);
        }
    }

    private record Live(LiveSession session, Account account) {}

    /**
     * The caller of a request; empty when it carries no token.
     *
     * @throws GatehouseException a {@code TOKEN_*} code that says what is wrong, or {@code SESSION_ENDED}
     */
    public Optional<Caller> callerIfAny(ContainerRequestContext request) {
        Origin origin = Origin.of(request);
        Optional<String> sent = tokenOf(request);
        if (sent.isEmpty()
                && valuesOf(request, HttpHeaders.AUTHORIZATION).stream()
                        .anyMatch(value -> BARE_TOKEN.matcher(value.strip()).matches())) {
            // Without this a call that is open to all would be made without the rights that its sender meant to show.
            throw tokenMissing(request);
        }
        return sent.map(token -> authenticate(token, origin.source()).caller(origin));
    }

    /** The failure of a request that must have a token; with a hint if its {@code Authorization} has none. */
    static GatehouseException tokenMissing(ContainerRequestContext request) {
        GatehouseException missing = new GatehouseException(ErrorCode.TOKEN_MISSING);
        return valuesOf(request, HttpHeaders.AUTHORIZATION).isEmpty()
                ? missing
                : missing.withHint("Authorization begins with 'Bearer '");
    }

    /**
     * Checks a token as of now.
     *
     * @param source where it comes from; those that send many bad tokens wait for each other
     * @throws GatehouseException a {@code TOKEN_*} code that says what is wrong, or {@code SESSION_ENDED}
     */
    public Authenticated authenticate(String token, String source) {
        onCheck.run();
        return live(verifier.verify(token, source));
    }

    /**
     * The token of a request that wants to end its session: also when the token has expired, for the session goes on
     * without it. Empty when there is nothing to end.
     *
     * @throws GatehouseException {@code TOKEN_AMBIGUOUS}, {@code STORE_UNAVAILABLE}, {@code BUSY}
     */
    public Optional<Caller> callerToLogOut(ContainerRequestContext request) {
        Optional<String> token = tokenOf(request);
        if (token.isEmpty()) {
            return Optional.empty();
        }
        Origin origin = Origin.of(request);
        try {
            return Optional.of(live(verifier.verifyEvenIfExpired(token.get(), origin.source()))
                    .caller(origin));
        } catch (GatehouseException refused) {
            if (refused.code().status() == 401) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    /**
     * Whether the caller of a request that takes long may go on: the session has not ended, and the user is active and
     * still has the role, as of now. That the token has expired meanwhile does not matter.
     */
    public boolean stillLets(Caller caller, String role) {
        return live(caller.userId(), caller.sessionId())
                .filter(live -> live.account().roles().contains(role))
                .isPresent();
    }

    private Authenticated live(AccessToken token) {
        return live(token.userId(), token.sessionId())
                .map(live -> new Authenticated(token, live.session(), live.account()))
                .orElseThrow(Authenticator::ended);
    }

    /** The session and its user as of now; empty when the one has ended or the other is not let in. */
    private Optional<Live> live(UserId userId, SessionId sessionId) {
        Supplier<Optional<LiveSession>> askedSession = sessions.ask(sessionId);
        Supplier<Optional<Account>> askedAccount = accounts.ask(userId);
        Optional<LiveSession> session =
                askedSession.get().filter(found -> found.userId().equals(userId));
        return session.flatMap(lasting -> askedAccount
                .get()
                .filter(found -> found.active() && found.epoch().allows(lasting.id(), lasting.epoch()))
                .map(account -> new Live(lasting, account)));
    }

    private static Optional<String> tokenOf(ContainerRequestContext request) {
        Set<String> tokens = new LinkedHashSet<>();
        for (String value : valuesOf(request, HttpHeaders.AUTHORIZATION)) {
            BearerToken.of(value).ifPresent(tokens::add);
        }
        for (String value : valuesOf(request, ORIGINAL_HEADER)) {
            tokens.add(BearerToken.of(value).orElseGet(value::strip));
        }
        tokens.remove("");
        if (tokens.size() > 1) {
            throw new GatehouseException(ErrorCode.TOKEN_AMBIGUOUS);
        }
        return tokens.stream().findFirst();
    }

    private static List<String> valuesOf(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }

    private static GatehouseException ended() {
        return new GatehouseException(ErrorCode.SESSION_ENDED);
    }
}
