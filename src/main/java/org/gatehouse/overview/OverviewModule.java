package org.gatehouse.overview;

import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.concurrent.SideThreads;
import org.gatehouse.config.EffectiveSetting;
import org.gatehouse.factor.FactorModule;
import org.gatehouse.login.LoginModule;
import org.gatehouse.mail.MailRows;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.FactorRule;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserService;

/** Creates the objects of this package. */
public final class OverviewModule implements AutoCloseable {
    /** One overview makes up to ten short reads. If all threads are busy, the thread of the request makes them. */
    private static final int SIDE_THREADS = 8;

    private final SideThreads side = new SideThreads("overview", SIDE_THREADS);
    private final UserOverview overview;
    private final List<EffectiveSetting> settings;

    /** The objects of other packages that this package uses. */
    public record Parts(
            UserService userService,
            UserDaos users,
            FactorRule factorRule,
            FactorModule factors,
            LoginModule login,
            SessionService sessions,
            MailRows mails,
            AuditLog audit) {}

    public OverviewModule(Parts parts, List<EffectiveSetting> settings) {
        this.settings = List.copyOf(settings);
        overview = new UserOverview(parts, side);
    }

    public List<Object> resources() {
        return List.of(new UserOverviewResource(overview), new SettingResource(settings));
    }

    @Override
    public void close() {
        side.close();
    }
}
