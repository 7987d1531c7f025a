package org.gatehouse.session;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.Page;
import org.gatehouse.http.PageRequest;
import org.gatehouse.http.TimePosition;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.session.RefreshSuccessors.Successor;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/**
 * Starts, refreshes, lists and ends sessions.
 *
 * <p>After a method that ends sessions has returned, all nodes reject the tokens of those sessions.
 */
public final class SessionService {
    /** The text in the audit log instead of a session id if all sessions of a user ended. */
    private static final String ALL = "all";

    private final MongoSessionDao store;
    private final CachedSessions sessions;
    private final UserService users;
    private final RefreshSuccessors successors;
    private final SessionLimits limits;
    private final AuditLog audit;
    private final Clock clock;
    private final SecureRandom random;

    public SessionService(
            CachedSessions sessions,
            UserService users,
            RefreshSuccessors successors,
            SessionLimits limits,
            AuditLog audit,
            Clock clock,
            SecureRandom random) {
        this.store = sessions.store();
        this.sessions = sessions;
        this.users = users;
        this.successors = successors;
        this.limits = limits;
        this.audit = audit;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Starts a session.
     *
     * @param user the user as read together with the checked password; if the password was changed since, the new
     *     session is already invalid
     * @param authentication how the user logged in
     * @param refreshable whether the client receives the refresh token
     */
    public StartedSession start(User user, ClientInfo clientInfo, Authentication authentication, boolean refreshable) {
        Instant now = clock.instant();
        Session session = new Session(
                SessionId.draw(random),
                user.id(),
                user.epoch().number(),
                sessions.globalEpoch().get().number(),
                now,
                now,
                limits.expiry(now, now),
                clientInfo.address(),
                clientInfo.userAgent(),
                authentication);
        RefreshToken token = RefreshToken.draw(random);
        store.insert(session, token, refreshable);
        return started(session, token);
    }

    /** Ends a session that no client has received. This is not an event of the audit log. */
    public boolean discard(StartedSession session) {
        return sessions.end(session.id());
    }

    /**
     * Exchanges a refresh token for its successor and extends the session.
     *
     * <p>For {@link SessionLimits#GRACE} after the first use of a token, further requests with the token receive the
     * same successor. The reason is that a response may be lost, or that browser tabs may share the token. Any other
     * use of an old token ends the session, because the token may have been copied (RFC 9700, section 4.14.2).
     *
     * @param admission receives the user before the token is exchanged, and may throw to reject the refresh. The token
     *     remains valid then
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}, or any exception that
     *     {@code admission} throws
     */
    public StartedSession refresh(String text, ClientInfo clientInfo, Consumer<User> admission) {
        RefreshToken token =
                RefreshToken.parse(text).orElseThrow(() -> new GatehouseException(ErrorCode.REFRESH_TOKEN_INVALID));
        while (true) {
            Instant now = clock.instant();
            RefreshState state = store.findOpen(token, now).orElseThrow(() -> notOpen(token));
            User user = authorizedUser(state.session().live()).orElseThrow(() -> notOpen(token));
            if (!state.isCurrent(token) && !state.isRepeatable(token, now)) {
                endReused(state.session(), clientInfo);
                throw new GatehouseException(ErrorCode.SESSION_ENDED);
            }
            admission.accept(user);
            StartedSession next =
                    (state.isCurrent(token) ? rotate(token, state, now) : repeat(token, state, now)).orElse(null);
            if (next != null) {
                return next;
            }
            // Retry, because another request changed the session after it was read.
        }
    }

    private GatehouseException notOpen(RefreshToken token) {
        return new GatehouseException(store.isKnown(token) ? ErrorCode.SESSION_ENDED : ErrorCode.REFRESH_TOKEN_INVALID);
    }

    private Optional<StartedSession> rotate(RefreshToken token, RefreshState state, Instant now) {
        Successor successor = successors.derive(token);
        Instant expiry = limits.expiry(state.session().createdAt(), now);
        return store.rotate(token, successor, state, now, expiry).map(session -> started(session, successor.token()));
    }

    /**
     * Returns the successor that the first use received. If this node cannot derive that successor, a new one replaces
     * it. For example, earlier versions of Gatehouse drew successors at random. Only the latest successor is accepted.
     */
    private Optional<StartedSession> repeat(RefreshToken token, RefreshState state, Instant now) {
        return successors
                .find(token, state.current(), state.mask())
                .map(successor -> started(state.session(), successor))
                .or(() -> replaceSuccessor(successors.derive(token), state, now));
    }

    private Optional<StartedSession> replaceSuccessor(Successor successor, RefreshState state, Instant now) {
        return store.replaceSuccessor(successor, state, now).map(session -> started(session, successor.token()));
    }

    private void endReused(Session session, ClientInfo clientInfo) {
        // If another request has just ended the session, that request recorded the reason.
        if (sessions.end(session.id())) {
            audit.record(AuditEvent.of(AuditType.TOKEN_REUSED, clientInfo)
                    .on(session.userId())
                    .with(Detail.SESSION, session.id().text()));
        }
    }

    /**
     * Ends the session of the caller's token.
     *
     * @return the number of sessions that this call ended
     */
    public long logOut(UserCaller caller) {
        boolean ended = sessions.end(caller.sessionId());
        record(AuditType.LOGOUT, caller, caller.id(), caller.sessionId().text());
        return ended ? 1 : 0;
    }

    /**
     * Ends all sessions of the caller.
     *
     * @return the number of sessions that were live immediately before the write that ended them
     */
    public long logOutEverywhere(UserCaller caller) {
        AtomicLong live = new AtomicLong();
        users.endAllSessions(
                caller.id(),
                // If the count fails, the write is not sent, and the client may try again.
                user -> live.set(user.isActive() ? count(user) : 0));
        record(AuditType.LOGOUT_EVERYWHERE, caller, caller.id(), ALL);
        return live.get();
    }

    /**
     * Ends one of the caller's sessions.
     *
     * @throws GatehouseException {@code SESSION_NOT_FOUND} if the caller does not have a live session with this id
     */
    public void end(UserCaller caller, String id) {
        boolean ended = SessionId.parse(id)
                .flatMap(sessions::find)
                .filter(session -> caller.is(session.userId()) && isStillAuthorized(session))
                .filter(session -> sessions.end(session.id()))
                .isPresent();
        if (!ended) {
            throw new GatehouseException(ErrorCode.SESSION_NOT_FOUND);
        }
        record(AuditType.SESSION_ENDED, caller, caller.id(), id);
    }

    /**
     * Ends all sessions of the caller except the current one.
     *
     * @throws GatehouseException {@code SESSION_ENDED} if the current session has ended since the request was
     *     authenticated
     */
    public void endOthers(UserCaller caller) {
        users.endOtherSessions(caller);
        record(AuditType.SESSION_ENDED, caller, caller.id(), "all but " + caller.sessionId());
    }

    /**
     * Ends all sessions of a user.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}
     */
    public void endAllOf(Caller caller, String id) {
        UserId userId = users.find(caller, id, Permission.SESSIONS_END).id();
        users.endAllSessions(userId, user -> {});
        record(AuditType.SESSION_ENDED, caller, userId, ALL);
    }

    /**
     * Stores that a user has authenticated again in a session. Later access tokens contain this authentication, also
     * after a refresh. Tokens that exist already keep theirs.
     *
     * @return empty if the session has ended, or is not a session of this user
     */
    public Optional<AuthenticatedSession> authenticate(SessionId id, UserId userId, Authentication authentication) {
        return authenticated(store.authenticate(id, userId, authentication, clock.instant()));
    }

    /**
     * Adds methods to the authentication of a session, because the user has just enrolled a factor. The time of the
     * authentication does not change.
     *
     * @return empty if the session has ended, or is not a session of this user
     */
    public Optional<AuthenticatedSession> addMethods(SessionId id, UserId userId, Set<Authentication.Method> methods) {
        return authenticated(store.addMethods(id, userId, methods, clock.instant()));
    }

    /**
     * Returns the refresh token of a session whose client has not received one yet, because the user had to add a second
     * factor first; empty for all other sessions.
     */
    public Optional<String> firstRefreshToken(SessionId id) {
        RefreshToken token = RefreshToken.draw(random);
        return store.makeRefreshable(id, token, clock.instant()) ? Optional.of(token.text()) : Optional.empty();
    }

    private Optional<AuthenticatedSession> authenticated(Optional<Session> found) {
        return found.filter(session -> isStillAuthorized(session.live()))
                .map(session -> new AuthenticatedSession(
                        session.id(), session.userId(), session.expiresAt(), session.authentication()));
    }

    /** Returns the live session with this current refresh token. The session is not extended. */
    public Optional<RefreshableSession> findByRefreshToken(String text) {
        return RefreshToken.parse(text)
                .flatMap(token -> store.findOpen(token, clock.instant()).filter(state -> state.isCurrent(token)))
                .map(RefreshState::session)
                .flatMap(session -> authorizedUser(session.live())
                        .map(user -> new RefreshableSession(
                                session.id(),
                                user,
                                session.lastSeenAt(),
                                session.expiresAt(),
                                session.authentication())));
    }

    /**
     * Returns the session of a current or earlier refresh token; empty if it has ended. The result may be of another user
     * than the caller.
     */
    public Optional<LiveSession> findByAnyRefreshToken(String text) {
        return RefreshToken.parse(text)
                .flatMap(token -> store.findOpen(token, clock.instant()))
                .map(state -> state.session().live());
    }

    /**
     * Returns the user and the session of a current refresh token, or of its predecessor as long as a refresh accepts it.
     * An older token ends the session, as in {@link #refresh}. The session is not extended.
     */
    public Optional<UserCaller> findCaller(String text, ClientInfo clientInfo) {
        RefreshToken token = RefreshToken.parse(text).orElse(null);
        Instant now = clock.instant();
        RefreshState state = token == null ? null : store.findOpen(token, now).orElse(null);
        User user =
                state == null ? null : authorizedUser(state.session().live()).orElse(null);
        if (token == null || state == null || user == null) {
            return Optional.empty();
        }
        Session session = state.session();
        if (!state.isCurrent(token) && !state.isRepeatable(token, now)) {
            endReused(session, clientInfo);
            return Optional.empty();
        }
        return Optional.of(new UserCaller(user, session.id(), session.epoch(), session.authentication(), clientInfo));
    }

    /** Ends a session of a user, whose token the caller has sent. Does nothing if the session has ended already. */
    public void revoke(Caller caller, UserId userId, SessionId id) {
        if (sessions.end(id)) {
            record(AuditType.SESSION_ENDED, caller, userId, id.text());
        }
    }

    /**
     * Ends the sessions of all users. Tokens of services are not affected, because services have no sessions.
     *
     * @param exempt the session of the caller that remains; null to end all sessions
     * @throws GatehouseException {@code SESSION_ENDED} if the exempt session has ended since the request was
     *     authenticated
     */
    public void endAll(Caller caller, @Nullable SessionId exempt) {
        LiveSession kept = exempt == null
                ? null
                : sessions.find(exempt).orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
        sessions.globalEpoch().advance(exempt, epoch -> kept != null && epoch.allows(kept.id(), kept.globalEpoch()));
        audit.record(caller.auditEvent(AuditType.ALL_SESSIONS_ENDED)
                .with(Detail.SESSION, exempt == null ? ALL : "all but " + exempt));
    }

    private void record(AuditType type, Caller caller, UserId user, String session) {
        audit.record(caller.auditEvent(type).on(user).with(Detail.SESSION, session));
    }

    /**
     * Returns one page of a user's valid sessions, latest first.
     *
     * @param userId the id of a user, or {@code me} for the caller
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code VALIDATION_FAILED}
     */
    Page<Session> list(Caller caller, String userId, @Nullable String limit, @Nullable String after) {
        FieldErrors errors = new FieldErrors();
        PageRequest request = PageRequest.parse(limit, after, errors);
        TimePosition position = request.position(
                        cursor -> TimePosition.parse(
                                cursor, id -> SessionId.parse(id).isPresent()),
                        errors)
                .orElse(null);
        errors.throwIfAny();
        return list(users.find(caller, userId, Permission.SESSIONS_READ), position, request.limit());
    }

    private Page<Session> list(User user, @Nullable TimePosition position, int limit) {
        List<Session> found = user.isActive()
                ? store.list(
                        user.id(), user.epoch(), sessions.globalEpoch().get(), clock.instant(), position, limit + 1)
                : List.of();
        return Page.of(found, limit);
    }

    /**
     * Returns the latest valid sessions of a user as JSON, latest first.
     *
     * @param caller marks the caller's own session; the caller may see the sessions of this user
     */
    public Page<ObjectNode> latest(Caller caller, User user, int limit) {
        Page<Session> page = list(user, null, limit);
        return new Page<>(
                page.entries().stream()
                        .<ObjectNode>map(session -> Json.MAPPER.valueToTree(SessionJson.of(session, caller)))
                        .toList(),
                page.hasNext());
    }

    /**
     * Returns the stored sessions of a user for the user's own export, latest first. Ended sessions are stored until they
     * expire.
     *
     * @param last the last session of the previous page; null for the first page
     */
    public List<ObjectNode> exported(UserId user, @Nullable ObjectNode last, int limit) {
        return store.exported(user, last, limit);
    }

    private long count(User user) {
        return store.count(user.id(), user.epoch(), sessions.globalEpoch().get(), clock.instant());
    }

    /**
     * Returns whether the user has a valid session that began before this time with this {@code User-Agent}.
     *
     * @param now the time of a login, before its session starts. Sessions of simultaneous logins do not count, because
     *     each of them could otherwise hide the others
     */
    public boolean hasEarlierSession(User user, String userAgent, Instant now) {
        return store.hasEarlier(user.id(), user.epoch(), sessions.globalEpoch().get(), userAgent, now);
    }

    private boolean isStillAuthorized(LiveSession session) {
        return authorizedUser(session).isPresent();
    }

    /** Returns the user of the session; empty if the user or an epoch does not allow the session any more. */
    private Optional<User> authorizedUser(LiveSession session) {
        return sessions.globalEpoch().get().allows(session.id(), session.globalEpoch())
                ? users.find(session.userId()).filter(user -> user.allows(session.id(), session.epoch()))
                : Optional.empty();
    }

    private static StartedSession started(Session session, RefreshToken token) {
        return new StartedSession(
                session.id(), session.userId(), token.text(), session.expiresAt(), session.authentication());
    }
}
