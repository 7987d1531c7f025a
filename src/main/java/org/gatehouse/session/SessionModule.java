package org.gatehouse.session;

import java.security.SecureRandom;
import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Settings;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.UserService;

/** Creates the objects of this package except the cached sessions, which the user package needs earlier. */
public record SessionModule(SessionService service, List<Object> resources) {
    public static SessionModule of(ModuleContext context, CachedSessions sessions, UserService users, AuditLog audit) {
        Settings settings = context.settings();
        SessionService service = new SessionService(
                sessions,
                users,
                new RefreshSuccessors(settings.authKeys()),
                new SessionLimits(settings.refreshIdle(), settings.refreshMax()),
                audit,
                context.clock(),
                new SecureRandom());
        return new SessionModule(service, List.of(new SessionResource(service), new UserSessionResource(service)));
    }
}
