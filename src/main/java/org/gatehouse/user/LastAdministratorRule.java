package org.gatehouse.user;

import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;
import org.gatehouse.store.MongoLock;
import org.jspecify.annotations.Nullable;

/** Ensures that an active administrator remains, even if several nodes change and delete users at the same time. */
final class LastAdministratorRule {
    private final UserDao users;
    private final Function<ServiceCaller, Set<String>> currentRoles;
    private final MongoLock administration;

    /**
     * Creates the rule.
     *
     * @param currentRoles returns the roles that a service has in the store; throws if it may not call any more
     * @param administration the lock that all nodes share, held while an administrator may be removed
     */
    LastAdministratorRule(UserDao users, Function<ServiceCaller, Set<String>> currentRoles, MongoLock administration) {
        this.users = users;
        this.currentRoles = currentRoles;
        this.administration = administration;
    }

    /**
     * Runs work that may remove an administrator. Only one node runs such work at a time. The caller is checked again
     * before the work, because another administrator may have removed the caller meanwhile.
     *
     * @throws GatehouseException {@code SESSION_ENDED}, {@code FORBIDDEN}
     */
    <T> T exclusively(Caller caller, Supplier<T> work) {
        return administration.exclusively(() -> {
            if (!Permission.USERS_WRITE.isHeldBy(currentRoles(caller))) {
                throw new GatehouseException(ErrorCode.FORBIDDEN);
            }
            return work.get();
        });
    }

    /**
     * Runs work that may remove the caller as an administrator. Only one node runs such work at a time. The work must
     * check that the caller is still authorized.
     */
    <T> T exclusively(Supplier<T> work) {
        return administration.exclusively(work);
    }

    private Set<String> currentRoles(Caller caller) {
        if (caller instanceof ServiceCaller service) {
            return currentRoles.apply(service);
        }
        UserCaller user = caller.requireUser();
        return users.findLinearizable(user.id())
                .filter(user::isStillAuthorized)
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED))
                .roles();
    }

    /**
     * Requires that an active administrator remains after a change. A change that may remove an administrator must run
     * in {@link #exclusively}. Otherwise, another node could remove the last administrator before the write.
     *
     * @param after the user after the change; null if the user is deleted
     * @param others administrators that do not count, because a dry run has already removed them
     * @throws GatehouseException {@code LAST_ADMINISTRATOR}
     */
    void require(User before, @Nullable User after, Set<UserId> others) {
        boolean removed = before.isActiveAdministrator() && (after == null || !after.isActiveAdministrator());
        if (removed
                && users.activeAdministrators(others.size() + 2).stream()
                        .allMatch(id -> id.equals(before.id()) || others.contains(id))) {
            throw new GatehouseException(ErrorCode.LAST_ADMINISTRATOR);
        }
    }
}
