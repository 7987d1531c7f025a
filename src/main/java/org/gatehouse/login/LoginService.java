package org.gatehouse.login;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.gatehouse.auth.TokenIssuer;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.session.SessionService;
import org.gatehouse.session.StartedSession;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs users in and refreshes their sessions. A wrong password, an unknown user and a disabled user cause the same
 * response after the same work.
 *
 * <p>Credentials are read from the store, never from the cache.
 */
final class LoginService {
    private static final Logger log = LoggerFactory.getLogger(LoginService.class);

    private final UserDao users;
    private final SessionService sessions;
    private final PasswordHasher hasher;
    private final LoginThrottle throttle;
    private final TokenIssuer tokens;
    private final LoginRecorder recorder;
    private final Clock clock;

    public LoginService(
            UserDao users,
            SessionService sessions,
            PasswordHasher hasher,
            LoginThrottle throttle,
            TokenIssuer tokens,
            LoginRecorder recorder,
            Clock clock) {
        this.users = users;
        this.sessions = sessions;
        this.hasher = hasher;
        this.throttle = throttle;
        this.tokens = tokens;
        this.recorder = recorder;
        this.clock = clock;
    }

    /**
     * Logs a user in.
     *
     * @throws GatehouseException {@code CREDENTIALS_WRONG}, {@code LOGIN_THROTTLED}; {@code BUSY} or
     *     {@code STORE_UNAVAILABLE} if the credentials could not be checked
     */
    public LoginResponse login(String name, String password, ClientInfo clientInfo) {
        try {
            LoginResponse login = check(name, password, clientInfo);
            recorder.succeeded();
            return login;
        } catch (GatehouseException rejected) {
            recorder.failed(rejected.code());
            throw rejected;
        }
    }

    private LoginResponse check(String name, String password, ClientInfo clientInfo) {
        hasher.requireQueueCapacity();
        Instant now = clock.instant();
        Optional<Credential> found = users.findCredential(name);
        LoginThrottle.Attempt attempt = admit(name, found.orElse(null), clientInfo, now);
        boolean right = attempt.check(
                () -> hasher.matches(password, found.map(Credential::password).orElse(null)));
        LoginOutcome failure = failure(found.orElse(null), right);
        if (failure != null) {
            recorder.failed(failure, found.map(Credential::user).orElse(null), clientInfo);
            throw new GatehouseException(ErrorCode.CREDENTIALS_WRONG);
        }
        Credential credential = found.orElseThrow();
        attempt.succeeded();
        // The response needs the custom fields, which the credential does not contain.
        User user = users.findLinearizable(credential.user().id())
                .orElseThrow(() -> new GatehouseException(ErrorCode.CREDENTIALS_WRONG)); // deleted since the first read
        users.recordLogin(credential, clientInfo.source(), now);
        StoredPassword stored = credential.password();
        if (stored != null && hasher.needsRehash(stored, password)) {
            rehash(credential.user(), password, stored);
        }
        // The session gets the epoch that was read with the password. If the epoch has changed since, the new session
        // is already invalid.
        StartedSession session = sessions.start(credential.user(), clientInfo);
        recorder.started(credential.user(), session.id(), clientInfo);
        return response("Logged as " + user.username(), user.loggedInAt(now), session, now);
    }

    /** Replaces the stored form of a correct password by a stronger hash. If the write fails, the login continues. */
    private void rehash(User user, String password, StoredPassword old) {
        try {
            users.replacePassword(user.id(), old, hasher.hash(password));
        } catch (GatehouseException notNow) {
            log.debug("The password of {} is rehashed at a later login: {}", user.id(), notNow.code());
        }
    }

    private LoginThrottle.Attempt admit(String name, @Nullable Credential found, ClientInfo clientInfo, Instant now) {
        User user = found == null ? null : found.user();
        boolean known = found != null && found.knows(clientInfo.source(), now);
        try {
            return throttle.admitLogin(name, user == null ? null : user.id(), known, clientInfo.source());
        } catch (GatehouseException rejected) {
            if (rejected.code() == ErrorCode.LOGIN_THROTTLED) {
                recorder.failed(LoginOutcome.THROTTLED, user, clientInfo);
            }
            throw rejected;
        }
    }

    private static @Nullable LoginOutcome failure(@Nullable Credential found, boolean right) {
        if (found == null) {
            return LoginOutcome.UNKNOWN_USER;
        }
        if (!right) {
            return LoginOutcome.WRONG_PASSWORD;
        }
        return found.user().isActive() ? null : LoginOutcome.DISABLED;
    }

    /**
     * Refreshes a session.
     *
     * @throws GatehouseException {@code REFRESH_TOKEN_INVALID}, {@code SESSION_ENDED}
     */
    public LoginResponse refresh(String refreshToken, ClientInfo clientInfo) {
        StartedSession session = sessions.refresh(refreshToken, clientInfo);
        User user = users.find(session.userId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED)); // deleted since the refresh
        return response("Token refreshed", user, session, clock.instant());
    }

    private LoginResponse response(String message, User user, StartedSession session, Instant now) {
        TokenIssuer.Issued issued = tokens.issue(user.id(), session.id(), user.roles(), session.expiresAt());
        return new LoginResponse(
                "success",
                message,
                issued.token(),
                "Bearer",
                issued.lifetime().toSeconds(),
                session.refreshToken(),
                Duration.between(now, session.expiresAt()).toSeconds(),
                UserJson.write(user));
    }
}
