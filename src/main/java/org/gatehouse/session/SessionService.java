package org.gatehouse.session;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.auth.Account;
import org.gatehouse.auth.Caller;
import org.gatehouse.auth.LiveSessions.LiveSession;
import org.gatehouse.auth.SessionId;
import org.gatehouse.auth.UserId;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Origin;
import org.gatehouse.http.Page;
import org.gatehouse.http.PageRequest;
import org.gatehouse.user.User;
import org.gatehouse.user.UserService;

/**
 * The rules of sessions: how one begins, goes on and ends.
 *
 * <p>When a method that ends sessions has returned, no node accepts their tokens any more.
 */
public final class SessionService {
    /** In the audit log, instead of the id of a session. */
    private static final String ALL = "all";

    private final MongoSessionDao store;
    private final CachedSessions sessions;
    private final UserService users;
    private final SessionLimits limits;
    private final AuditLog audit;
    private final Clock clock;
    private final SecureRandom random;

    public SessionService(
            MongoSessionDao store,
            CachedSessions sessions,
            UserService users,
            SessionLimits limits,
            AuditLog audit,
            Clock clock,
            SecureRandom random) {
        this.store = store;
        this.sessions = sessions;
        this.users = users;
        this.limits = limits;
        this.audit = audit;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Begins a session.
     *
     * @param user as read together with the password that was checked, so that a change of it since ends this session
     */
    public StartedSession start(User user, Origin origin) {
        Instant now = now();
        Session session = new Session(
                SessionId.draw(random),
                user.id(),
                user.cutoff().number(),
                now,
                now,
                limits.expiry(now, now),
                origin.address(),
                origin.userAgent());
        RefreshToken token = RefreshToken.draw(random);
        store.insert(session, token);
        return started(session, token);
    }

    /**
     * Goes on with a session: its refresh token for another one.
     *
     * <p>A token is used once. The one before the last is accepted for {@link SessionLimits#GRACE} as long as the last
     * has not been used, for its answer may have been lost; then the last is void, and another is given out in its
     * place. Any other token of the session, shown again, is one that somebody has copied: the session ends (RFC 9700,
     * section 4.14.2).
     *
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}
     */
    public StartedSession refresh(String text, Origin origin) {
        RefreshToken token = RefreshToken.parse(text).orElseThrow(SessionService::invalid);
        Instant now = now();
        Session session = store.findOpen(token, now)
                .filter(found -> userLets(found.live()))
                .orElseThrow(() -> store.isKnown(token) ? ended() : invalid());
        RefreshToken successor = token.successor(random);
        Optional<Session> next =
                store.rotate(session.id(), token, successor, now, limits.expiry(session.createdAt(), now));
        if (next.isEmpty()) {
            next = store.rotateAgain(session.id(), token, successor, now);
        }
        if (next.isEmpty()) {
            // It may have ended this very moment, which is why it could not go on; then nobody copied anything.
            if (sessions.end(session.id())) {
                audit.record(AuditEvent.of(AuditType.TOKEN_REUSED, origin)
                        .on(session.userId().hex())
                        .with(AuditDetail.SESSION, session.id().text()));
            }
            throw ended();
        }
        return started(next.get(), successor);
    }

    /** Logs out: ends the session that the call comes from. */
    public void logOut(Caller caller) {
        sessions.end(caller.sessionId());
        record(AuditType.LOGOUT, caller, caller.userId(), caller.sessionId().text());
    }

    /** Logs out everywhere: ends all sessions of the caller. */
    public void logOutEverywhere(Caller caller) {
        users.endSessions(caller.userId());
        record(AuditType.LOGOUT_EVERYWHERE, caller, caller.userId(), ALL);
    }

    /**
     * Ends one of the caller's sessions.
     *
     * @throws GatehouseException {@code SESSION_NOT_FOUND} also when it is somebody else's, or has ended
     */
    public void end(Caller caller, String id) {
        LiveSession session = SessionId.parse(id)
                .flatMap(sessions::find)
                .filter(found -> caller.is(found.userId()))
                .filter(this::userLets)
                .orElseThrow(SessionService::notFound);
        if (!sessions.end(session.id())) {
            throw notFound();
        }
        record(AuditType.SESSION_ENDED, caller, caller.userId(), id);
    }

    /**
     * Ends all sessions of the caller but the one that the call comes from.
     *
     * @throws GatehouseException {@code SESSION_ENDED} when that one has ended since the call came
     */
    public void endOthers(Caller caller) {
        users.endOtherSessions(caller);
        record(AuditType.SESSION_ENDED, caller, caller.userId(), "all but " + caller.sessionId());
    }

    /**
     * Ends all sessions of a user.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}
     */
    public void endAllOf(Caller caller, String id) {
        UserId userId = users.find(caller, id).id();
        users.endSessions(userId);
        record(AuditType.SESSION_ENDED, caller, userId, ALL);
    }

    private void record(AuditType type, Caller caller, UserId user, String session) {
        audit.record(AuditEvent.of(type, caller.origin())
                .by(caller.userId().hex())
                .on(user.hex())
                .with(AuditDetail.SESSION, session));
    }

    /**
     * The sessions of a user that count now, latest first.
     *
     * @param userId may be {@code me}
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code VALIDATION_FAILED}
     */
    Page<Session> list(Caller caller, String userId, PageRequest request, FieldErrors errors) {
        Optional<SessionPlace> after = request.place(SessionPlace::parse, errors);
        errors.throwIfAny();
        User user = users.find(caller, userId);
        List<Session> found =
                user.active() ? store.list(user.id(), user.cutoff(), now(), after, request.limit() + 1) : List.of();
        return Page.of(found, request.limit());
    }

    private boolean userLets(LiveSession session) {
        return users.find(session.userId())
                .filter(Account::active)
                .filter(account -> account.cutoff().spares(session.id(), session.begunUnder()))
                .isPresent();
    }

    private static StartedSession started(Session session, RefreshToken token) {
        return new StartedSession(session.id(), session.userId(), token.text(), session.expiresAt());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private static GatehouseException invalid() {
        return new GatehouseException(ErrorCode.REFRESH_TOKEN_INVALID);
    }

    private static GatehouseException notFound() {
        return new GatehouseException(ErrorCode.SESSION_NOT_FOUND);
    }

    private static GatehouseException ended() {
        return new GatehouseException(ErrorCode.SESSION_ENDED);
    }
}
