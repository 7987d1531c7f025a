package org.gatehouse.login;

import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.auth.AuthModule;
import org.gatehouse.concurrent.SideThreads;
import org.gatehouse.factor.FactorModule;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.factor.SessionUpgrade;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.session.SessionService;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserLeaving;
import org.gatehouse.user.UserMails;
import org.gatehouse.user.UserService;

/**
 * Creates the objects of this package in two steps. The constructor creates the throttle and the step-up,
 * which {@code UserModule} needs. {@link #resources} creates the resources, which need the {@code UserService}.
 */
public final class LoginModule implements AutoCloseable {
    /** A login uses a thread for a few milliseconds, while MongoDB stores the session. Its hash takes about 50 ms. */
    private static final int SIDE_THREADS = 8;

    private final ModuleContext context;
    private final UserDao users;
    private final PasswordHasher hasher;
    private final UserMails mails;
    private final LoginThrottle throttle;
    private final PasswordStepUp stepUp;
    private final SideThreads side = new SideThreads("login", SIDE_THREADS);

    public LoginModule(
            ModuleContext context,
            Throttle throttle,
            UserDao users,
            CachedSessions sessions,
            PasswordHasher hasher,
            UserMails mails) {
        this.context = context;
        this.users = users;
        this.hasher = hasher;
        this.mails = mails;
        this.throttle = new LoginThrottle(throttle);
        this.stepUp = new PasswordStepUp(
                users, sessions, hasher, this.throttle, context.settings().stepUpMaxAge(), context.clock());
    }

    public StepUp stepUp() {
        return stepUp;
    }

    /** Deletes the counts of failed logins of the user with this id and name. */
    public void clearFailures(UserId id, String username) {
        throttle.clear(id, username);
    }

    /** Returns the failed logins of a user that are counted now. */
    public FailedLogins failedLogins(User user, FactorModule factors) {
        return FailedLogins.of(user, throttle, factors.throttle());
    }

    /** Returns the object that issues the tokens of a session whose user has just added a factor. */
    public SessionUpgrade sessionUpgrade(SessionService sessions, AuthModule auth) {
        return new GrantedUpgrade(sessions, auth.tokens(), context.clock());
    }

    public List<Object> resources(
            PasswordPolicy policy,
            UserService userService,
            UserLeaving leaving,
            SessionService sessions,
            AuthModule auth,
            FactorModule factors,
            AuditLog audit) {
        SecondFactor secondFactor = factors.secondFactor();
        LoginRecorder recorder = new LoginRecorder(audit, context.metrics());
        DeviceNotices notices = new DeviceNotices(mails, sessions);
        TokenGrants grants = new TokenGrants(users, sessions, auth.tokens(), recorder, notices, side, context.clock());
        LoginCompletion completion = new LoginCompletion(grants, leaving, recorder);
        LoginService logins =
                new LoginService(users, hasher, throttle, completion, secondFactor, recorder, context.clock());
        StepUpService stepUps =
                new StepUpService(users, stepUp, secondFactor, sessions, grants, recorder, context.clock());
        FactorLogin factorLogins = new FactorLogin(secondFactor, completion, stepUps, recorder, context.clock());
        PasswordService passwords = new PasswordService(userService, policy, stepUp, audit);
        SessionCookie cookie = new SessionCookie(context.settings());
        return List.of(
                new LoginResource(logins, cookie),
                new FactorLoginResource(factorLogins, stepUps, secondFactor, cookie),
                new TokenResource(grants, cookie),
                new LogoutResource(sessions, auth.authenticator(), cookie),
                new PasswordResource(passwords),
                new ThrottleResource(userService, throttle, factors.throttle(), audit));
    }

    @Override
    public void close() {
        side.close();
    }
}
