package org.gatehouse.login;

import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.user.Caller;
import org.gatehouse.user.Credential;
import org.gatehouse.user.Reauthentication;
import org.gatehouse.user.UserDao;

/**
 * Reauthentication by the present password or by the age of the login.
 *
 * <p>The holder of a stolen token may guess here no more often than at the login. A wrong password is a wrong field: the
 * token is valid, so a client that got 401 would refresh it and repeat the request.
 */
public final class PasswordReauthentication implements Reauthentication {
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
    public void require(Caller caller, Optional<String> currentPassword) {
        if (currentPassword.isPresent()) {
            requirePassword(caller, currentPassword.get());
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
     * Requires the present password.
     *
     * @return what it was compared with
     * @throws GatehouseException as {@link #require}
     */
    Credential requirePassword(Caller caller, String password) {
        Credential credential = users.findCredential(caller.userId())
                .orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
        if (!caller.isStillAuthorized(credential.user())) {
            throw new GatehouseException(ErrorCode.SESSION_ENDED);
        }
        String source = caller.origin().source();
        Attempt attempt = throttle.admitCheck(caller.userId(), credential.knows(source, clock.instant()), source);
        if (!attempt.check(() -> hasher.matches(password, credential.password()))) {
            throw wrong();
        }
        attempt.succeeded();
        return credential;
    }

    static GatehouseException wrong() {
        return GatehouseException.invalid(CURRENT_PASSWORD, "is not your present password");
    }
}
