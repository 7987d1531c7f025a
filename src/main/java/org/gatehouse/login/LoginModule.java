package org.gatehouse.login;

import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.auth.AuthModule;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.session.SessionService;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.UserService;

/** Creates the resources of this package. */
public final class LoginModule {
    private LoginModule() {}

    public static List<Object> resources(
            ModuleContext context,
            LoginGuard guard,
            PasswordPolicy policy,
            UserService userService,
            SessionService sessions,
            AuthModule auth,
            AuditLog audit) {
        LoginService logins = new LoginService(
                guard.users,
                sessions,
                guard.hasher,
                guard.throttle,
                auth.issuer(),
                new LoginRecorder(audit, context.metrics()),
                context.clock());
        PasswordService passwords = new PasswordService(userService, policy, guard.reauthentication, audit);
        return List.of(
                new LoginResource(logins),
                new TokenResource(logins),
                new LogoutResource(sessions, auth.authenticator()),
                new PasswordResource(passwords),
                new ThrottleResource(userService, guard.throttle, audit));
    }
}
