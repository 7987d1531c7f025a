package org.gatehouse.login;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Consumer;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.audit.LoginFailure;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Origin;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.session.SessionService;
import org.gatehouse.session.StartedSession;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules of login: a wrong password, an unknown user and a disabled one get the same answer after the same work.
 *
 * <p>Credentials come from the store itself, never from the cache.
 */
public final class LoginService {
    private static final Logger log = LoggerFactory.getLogger(LoginService.class);

    private final UserDao users;
    private final SessionService sessions;
    private final PasswordHasher hasher;
    private final LoginThrottle throttle;
    private final TokenIssuer tokens;
    private final AuditLog audit;
    private final Clock clock;
    private final Consumer<LoginOutcome> outcomes;

    public LoginService(
            UserDao users,
            SessionService sessions,
            PasswordHasher hasher,
            LoginThrottle throttle,
            TokenIssuer tokens,
            AuditLog audit,
            Clock clock,
            Metrics metrics) {
        this.users = users;
        this.sessions = sessions;
        this.hasher = hasher;
        this.throttle = throttle;
        this.tokens = tokens;
        this.audit = audit;
        this.clock = clock;
        this.outcomes = Metrics.byConstant(
                LoginOutcome.class,
                metrics.counter("gatehouse_logins_total", "Attempts to log in.", "outcome")::labelValues);
    }

    /**
     * Logs a user in.
     *
     * @throws GatehouseException {@code CREDENTIALS_WRONG}, {@code LOGIN_THROTTLED}; {@code BUSY} or {@code STORE_UNAVAILABLE}
     *     when it could not be checked
     */
    public Login login(String name, String password, Origin origin) {
        try {
            Login login = check(name, password, origin);
            outcomes.accept(LoginOutcome.SUCCEEDED);
            return login;
        } catch (GatehouseException refused) {
            LoginOutcome.ofUnchecked(refused.code()).ifPresent(outcomes);
            throw refused;
        }
    }

    private Login check(String name, String password, Origin origin) {
        hasher.requireRoom();
        Instant now = now();
        Optional<Credential> found = users.findCredential(name);
        Attempt attempt = admit(name, found, origin, now);
        boolean right = attempt.check(() -> hasher.matches(password, found.flatMap(Credential::password)));
        Optional<LoginFailure> failure = failure(found, right);
        if (failure.isPresent()) {
            recordFailure(failure.get(), found, origin);
            throw new GatehouseException(ErrorCode.CREDENTIALS_WRONG);
        }
        Credential credential = found.orElseThrow();
        attempt.succeeded();
        // The session begins under the epoch that was read with the password: if that has changed since, it has ended.
        User user = users.findLinearizable(credential.user().id())
                .orElseThrow(() -> new GatehouseException(ErrorCode.CREDENTIALS_WRONG)); // deleted since
        users.recordLogin(credential, origin.source(), now);
        credential
                .password()
                .filter(stored -> hasher.needsRehash(stored, password))
                .ifPresent(old -> rehash(credential.user(), password, old));
        StartedSession session = sessions.start(credential.user(), origin);
        record(
                AuditEvent.of(AuditType.LOGIN_SUCCEEDED, origin)
                        .by(credential.user().id())
                        .with(AuditDetail.SESSION, session.id().text()),
                Optional.of(credential.user()));
        return loggedIn(user.loggedInAt(now), session, now);
    }

    /** Stores a better hash of a password that was right; the login goes on without it where that cannot be done now. */
    private void rehash(User user, String password, StoredPassword old) {
        try {
            users.replacePassword(user.id(), old, hasher.hash(password));
        } catch (GatehouseException notNow) {
            log.debug("The password of {} is hashed anew at another login: {}", user.id(), notNow.code());
        }
    }

    private Attempt admit(String name, Optional<Credential> found, Origin origin, Instant now) {
        String source = origin.source();
        boolean known = found.filter(user -> user.knows(source, now)).isPresent();
        try {
            return throttle.admitLogin(name, found.map(user -> user.user().id()), known, source);
        } catch (GatehouseException refused) {
            if (refused.code() == ErrorCode.LOGIN_THROTTLED) {
                recordFailure(LoginFailure.THROTTLED, found, origin);
            }
            throw refused;
        }
    }

    private static Optional<LoginFailure> failure(Optional<Credential> found, boolean right) {
        if (found.isEmpty()) {
            return Optional.of(LoginFailure.UNKNOWN_USER);
        }
        if (!right) {
            return Optional.of(LoginFailure.WRONG_PASSWORD);
        }
        return found.get().user().status() == UserStatus.ACTIVE ? Optional.empty() : Optional.of(LoginFailure.DISABLED);
    }

    private void recordFailure(LoginFailure failure, Optional<Credential> found, Origin origin) {
        outcomes.accept(LoginOutcome.of(failure));
        record(AuditEvent.loginFailed(failure, origin), found.map(Credential::user));
    }

    private void record(AuditEvent event, Optional<User> user) {
        audit.record(user.map(on -> event.on(on.id(), on.username())).orElse(event));
    }

    /**
     * Goes on with a session.
     *
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}
     */
    public Login refresh(String refreshToken, Origin origin) {
        StartedSession session = sessions.refresh(refreshToken, origin);
        User user = users.find(session.userId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted this very moment
        return loggedIn(user, session, now());
    }

    private Login loggedIn(User user, StartedSession session, Instant now) {
        TokenIssuer.Issued issued = tokens.issue(user.id(), session.id(), user.roles(), session.expiresAt());
        return new Login(
                user,
                issued.token(),
                issued.lifetime(),
                session.refreshToken(),
                Duration.between(now, session.expiresAt()));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
