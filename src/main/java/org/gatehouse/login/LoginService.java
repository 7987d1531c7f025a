package org.gatehouse.login;

import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengePurpose;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.UserId;
import org.gatehouse.login.LoginCompletion.Login;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs users in. A wrong password, an unknown user and a disabled user cause the same response after the same work.
 *
 * <p>Credentials are read from the store, never from the cache.
 */
final class LoginService {
    private static final Logger log = LoggerFactory.getLogger(LoginService.class);

    private final UserDao users;
    private final PasswordHasher hasher;
    private final LoginThrottle throttle;
    private final LoginCompletion completion;
    private final SecondFactor secondFactor;
    private final LoginRecorder recorder;
    private final Clock clock;

    public LoginService(
            UserDao users,
            PasswordHasher hasher,
            LoginThrottle throttle,
            LoginCompletion completion,
            SecondFactor secondFactor,
            LoginRecorder recorder,
            Clock clock) {
        this.users = users;
        this.hasher = hasher;
        this.throttle = throttle;
        this.completion = completion;
        this.secondFactor = secondFactor;
        this.recorder = recorder;
        this.clock = clock;
    }

    /**
     * Logs a user in.
     *
     * @param keepAccount whether a leaving user wants to keep the account
     * @throws GatehouseException {@code CREDENTIALS_WRONG}, {@code LOGIN_THROTTLED}; {@code ACCOUNT_LEAVING} if a leaving
     *     user has no second factor and does not want to keep the account; {@code FACTOR_REQUIRED} with a
     *     challenge if the user has a second factor; {@code BUSY} or {@code STORE_UNAVAILABLE} if the credentials could
     *     not be checked
     */
    public LoginResponse login(String name, String password, boolean keepAccount, ClientInfo clientInfo) {
        try {
            LoginResponse login = check(name, password, keepAccount, clientInfo);
            recorder.succeeded();
            return login;
        } catch (GatehouseException rejected) {
            recorder.failed(rejected.code());
            throw rejected;
        }
    }

    private LoginResponse check(String name, String password, boolean keepAccount, ClientInfo clientInfo) {
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
        Runnable counted = attempt.succeeded();
        try {
            StoredPassword stored = credential.password();
            if (stored != null && hasher.needsRehash(stored, password)) {
                rehash(credential.user(), password, stored);
            }
            return proceed(credential, new Login(clientInfo, Authentication.password(now), keepAccount));
        } finally {
            counted.run();
        }
    }

    /** Starts a session, unless the user has a second factor. */
    private LoginResponse proceed(Credential credential, Login login) {
        if (credential.user().hasFactor()) {
            throw factorRequired(credential.user(), login.client());
        }
        return completion.start(credential, login, id -> overtaken(id, login.client()));
    }

    private GatehouseException factorRequired(User user, ClientInfo clientInfo) {
        recorder.factorRequired(user, clientInfo);
        return secondFactor.required(ChallengePurpose.LOGIN, user, "", clientInfo);
    }

    /** Returns the failure of a login whose user was deleted, or has added a factor, since the password was read. */
    private GatehouseException overtaken(UserId id, ClientInfo clientInfo) {
        return users.findLinearizable(id)
                .filter(user -> user.isActive() && user.hasFactor())
                .map(user -> factorRequired(user, clientInfo))
                .orElseGet(() -> new GatehouseException(ErrorCode.CREDENTIALS_WRONG));
    }

    /** Replaces the stored form of a correct password by a stronger hash. If the write fails, the login continues. */
    private void rehash(User user, String password, StoredPassword old) {
        try {
            users.replacePassword(user.id(), old, hasher.hash(password));
        } catch (RuntimeException notNow) {
            log.debug("The password of {} is rehashed at a later login", user.id(), notNow);
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
        return found.user().mayAuthenticate() ? null : LoginOutcome.DISABLED;
    }
}
