package org.gatehouse.login;

import static java.util.Objects.requireNonNullElse;

import java.time.Clock;
import java.time.Duration;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.user.Caller;
import org.gatehouse.user.Credential;
import org.gatehouse.user.ServiceCaller;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserDao;
import org.jspecify.annotations.Nullable;

/**
 * Compares the authentication in the caller's token, and that of the session in the store, with what the account
 * requires. The login throttle also counts these password checks, so a stolen token does not permit more guesses.
 *
 * <p>A wrong password causes a validation error, not a 401. After a 401, a client would refresh the token and repeat
 * the request.
 */
final class PasswordStepUp implements StepUp {
    private final UserDao users;
    private final CachedSessions sessions;
    private final PasswordHasher hasher;
    private final LoginThrottle throttle;
    private final Duration maxAge;
    private final Clock clock;

    public PasswordStepUp(
            UserDao users,
            CachedSessions sessions,
            PasswordHasher hasher,
            LoginThrottle throttle,
            Duration maxAge,
            Clock clock) {
        this.users = users;
        this.sessions = sessions;
        this.hasher = hasher;
        this.throttle = throttle;
        this.maxAge = maxAge;
        this.clock = clock;
    }

    @Override
    public void require(Caller caller) {
        if (caller instanceof ServiceCaller service) {
            if (!isRecent(service.authentication())) {
                throw insufficient(Authentication.ACR_PASSWORD);
            }
            return;
        }
        UserCaller user = caller.requireUser();
        requireAuthentication(user, current(user));
    }

    @Override
    public void require(UserCaller caller, @Nullable String currentPassword) {
        if (currentPassword == null) {
            require(caller);
            return;
        }
        requireCurrentPassword(caller, currentPassword);
    }

    @Override
    public void requireCurrentPassword(UserCaller caller, String currentPassword) {
        Credential unused = requirePassword(caller, currentPassword);
    }

    /**
     * Requires the current password, and a recent authentication with a factor if the account has one.
     *
     * @return the credential that the password matched
     * @throws GatehouseException for the same reasons as {@link #require(UserCaller, String)}
     */
    Credential requirePassword(UserCaller caller, String password) {
        Credential credential =
                users.findCredential(caller.id()).orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
        if (!caller.isStillAuthorized(credential.user())) {
            throw new GatehouseException(ErrorCode.SESSION_ENDED);
        }
        // The factor is checked first, because otherwise a stolen token would reveal whether a password is right.
        if (credential.user().hasFactor()) {
            requireAuthentication(caller, credential.user());
        }
        if (!matches(credential, password, caller.clientInfo())) {
            throw wrong();
        }
        return credential;
    }

    @Override
    public void requirePassword(UserId account, String password, String field, ClientInfo client) {
        Credential credential =
                users.findCredential(account).orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
        if (!matches(credential, password, client)) {
            throw GatehouseException.invalid(field, "is not the password of the account");
        }
    }

    /** Returns the caller's user as it is stored. The cache may contain a user without a factor that was just added. */
    private User current(UserCaller caller) {
        return users.findLinearizable(caller.id())
                .filter(caller::isStillAuthorized)
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    /**
     * Requires that the token's authentication is recent. A token of an earlier version has the session's. The methods
     * are always the session's, because the session may have passed a factor since the token was issued.
     */
    private void requireAuthentication(UserCaller caller, User user) {
        Authentication session = sessions.authentication(caller.sessionId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
        Authentication token = requireNonNullElse(caller.authentication(), session);
        if (!isRecent(token) || (user.hasFactor() && !session.withFactor())) {
            throw insufficient(user.hasFactor() ? Authentication.ACR_FACTOR : Authentication.ACR_PASSWORD);
        }
    }

    private boolean isRecent(Authentication authentication) {
        return authentication.isWithin(maxAge, clock.instant());
    }

    private GatehouseException insufficient(String acr) {
        return StepUp.insufficient(maxAge, acr);
    }

    private boolean matches(Credential credential, String password, ClientInfo client) {
        String source = client.source();
        LoginThrottle.Attempt attempt =
                throttle.admitCheck(credential.user().id(), credential.knows(source, clock.instant()), source);
        if (!attempt.check(() -> hasher.matches(password, credential.password()))) {
            return false;
        }
        attempt.succeeded().run();
        return true;
    }

    static GatehouseException wrong() {
        return GatehouseException.invalid(CURRENT_PASSWORD, "is not your current password");
    }
}
