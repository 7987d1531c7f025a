package org.gatehouse.login;

import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.Reauthentication;
import org.gatehouse.user.UserDao;

/**
 * The throttle of logins and the reauthentication that counts towards it. They are created before the other objects of
 * this package, because the module of {@code user} needs the reauthentication and {@link LoginModule} needs that module.
 */
public final class LoginGuard {
    final LoginThrottle throttle;
    final PasswordReauthentication reauthentication;
    final UserDao users;
    final PasswordHasher hasher;

    private LoginGuard(
            LoginThrottle throttle, PasswordReauthentication reauthentication, UserDao users, PasswordHasher hasher) {
        this.throttle = throttle;
        this.reauthentication = reauthentication;
        this.users = users;
        this.hasher = hasher;
    }

    public static LoginGuard of(
            ModuleContext context, Throttle throttle, UserDao users, CachedSessions sessions, PasswordHasher hasher) {
        LoginThrottle logins = new LoginThrottle(throttle);
        return new LoginGuard(
                logins, new PasswordReauthentication(users, sessions, hasher, logins, context.clock()), users, hasher);
    }

    public Reauthentication reauthentication() {
        return reauthentication;
    }

    /** Deletes the failed logins of the user with this id and name. */
    public void clear(UserId id, String username) {
        throttle.clear(id, username);
    }
}
