package org.gatehouse.login;

import java.time.Clock;
import java.time.Instant;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.user.Credential;
import org.gatehouse.user.Reauthentication;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserDao;
import org.jspecify.annotations.Nullable;

/**
 * Reauthenticates a caller by the current password or by a recent login. The login throttle also counts these password
 * checks, so a stolen token does not permit more guesses.
 *
 * <p>A wrong password causes a validation error, not a 401. After a 401, a client would refresh the token and repeat
 * the request.
 */
final class PasswordReauthentication implements Reauthentication {
    private final UserDao users;
    private final CachedSessions sessions;
    private final PasswordHasher hasher;
    private final LoginThrottle throttle;
    private final Clock clock;

    public PasswordReauthentication(
            UserDao users, CachedSessions sessions, PasswordHasher hasher, LoginThrottle throttle, Clock clock) {
        this.users = users;
        this.sessions = sessions;
        this.hasher = hasher;
        this.throttle = throttle;
        this.clock = clock;
    }

    @Override
    public void require(UserCaller caller, @Nullable String currentPassword) {
        if (currentPassword != null) {
            requirePassword(caller, currentPassword);
            return;
        }
        Instant earliest = clock.instant().minus(RECENT_LOGIN);
        if (sessions.startedAt(caller.sessionId())
                .filter(login -> !login.isBefore(earliest))
                .isEmpty()) {
            throw GatehouseException.invalid(
                    CURRENT_PASSWORD,
                    "is required, because your login is more than " + RECENT_LOGIN.toMinutes() + " minutes old");
        }
    }

    /**
     * Requires the current password.
     *
     * @return the credential that the password matched
     * @throws GatehouseException for the same reasons as {@link #require}
     */
    Credential requirePassword(UserCaller caller, String password) {
        Credential credential = credential(caller.id());
        if (!caller.isStillAuthorized(credential.user())) {
            throw new GatehouseException(ErrorCode.SESSION_ENDED);
        }
        if (!matches(credential, password, caller.clientInfo())) {
            throw wrong();
        }
        return credential;
    }

    @Override
    public void requireCurrentPassword(UserCaller caller, String currentPassword) {
        Credential unused = requirePassword(caller, currentPassword);
    }

    @Override
    public void requirePassword(UserId account, String password, String field, ClientInfo client) {
        if (!matches(credential(account), password, client)) {
            throw GatehouseException.invalid(field, "is not the password of the account");
        }
    }

    private Credential credential(UserId id) {
        return users.findCredential(id).orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
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
