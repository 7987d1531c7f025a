package org.gatehouse.user;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.config.Settings;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.KeyedHash;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.store.MongoLock;
import org.gatehouse.throttle.Throttle;

/**
 * Creates the objects of this package except the DAOs, because the step-up needs the DAOs earlier.
 *
 * @param createIndexes runs at startup, after the migration of legacy users, because indexes would slow down the
 *     migration
 */
public record UserModule(
        UserService service,
        UserLeaving leaving,
        MongoUserLists lists,
        Runnable createIndexes,
        List<Object> resources) {
    /**
     * Creates the module.
     *
     * @param currentRoles returns the roles that a service has in the store; throws if it may not call any more
     */
    public static UserModule of(
            ModuleContext context,
            UserDaos users,
            PasswordHasher hasher,
            PasswordPolicy policy,
            Throttle throttle,
            StepUp stepUp,
            Function<ServiceCaller, Set<String>> currentRoles,
            UserMails mails,
            AuditLog audit) {
        Settings settings = context.settings();
        UserThrottle userThrottle = new UserThrottle(throttle);
        LastAdministratorRule lastAdministrator =
                new LastAdministratorRule(users.cached(), currentRoles, administration(context));
        UserLeaving leaving = new UserLeaving(users, lastAdministrator, stepUp, audit, context.clock());
        UserService service =
                new UserService(users.cached(), hasher, lastAdministrator, stepUp, userThrottle, mails, audit);
        IdempotencyStore idempotencyKeys = new IdempotencyStore(context.mongo(), context.clock());
        KeyedHash keyHash = new KeyedHash(settings.authKeys(), "idempotency keys");
        UserRegistrar registrar = new UserRegistrar(
                users.cached(),
                hasher,
                new UserRegistrar.Rules(policy, settings.registrationOpen() ? userThrottle : null, stepUp),
                new IdempotentCreation(idempotencyKeys, keyHash),
                mails,
                audit);
        MongoUserLists lists = new MongoUserLists(
                context.mongo(), settings.usersCollection(), new MongoUserSearch(settings.searchFields()));
        Runnable createIndexes = () -> {
            lists.createIndexes();
            MongoProofDao.createIndexes(context.mongo(), settings.usersCollection());
            idempotencyKeys.createIndexes();
        };
        return new UserModule(
                service, leaving, lists, createIndexes, List.of(new UserResource(service, registrar, lists, leaving)));
    }

    /** Returns the lock that all nodes share. A node holds it while an administrator is created or removed. */
    public static MongoLock administration(ModuleContext context) {
        return new MongoLock(context.mongo(), "administration", context.clock());
    }
}
