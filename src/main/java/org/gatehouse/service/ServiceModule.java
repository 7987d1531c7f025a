package org.gatehouse.service;

import java.security.SecureRandom;
import java.util.List;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.StepUp;

/** Creates the objects of this package except the cached accounts, which the user package needs earlier. */
public record ServiceModule(ServiceAccounts accounts, ClientAuthenticator clients, List<Object> resources) {
    public static ServiceModule of(
            ModuleContext context, CachedServices services, StepUp stepUp, Throttle throttle, AuditLog audit) {
        ServiceAccounts accounts = new ServiceAccounts(services, stepUp, audit, context.clock(), new SecureRandom());
        ClientAuthenticator clients = new ClientAuthenticator(services, throttle, audit, context.clock());
        return new ServiceModule(accounts, clients, List.of(new ServiceResource(accounts, context.clock())));
    }
}
