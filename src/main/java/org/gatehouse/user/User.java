package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.auth.Account;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A user as others may see it: there is no place in it for a password or a hash.
 *
 * @param username as typed
 * @param version raised by one in each change; 0 in a document that another service wrote
 * @param epoch which of the user's sessions have ended; cached with the user, and not shown
 * @param fields what the caller added, by name; not to be changed once it is in here
 */
public record User(
        UserId id,
        String username,
        Set<String> roles,
        UserStatus status,
        long version,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> lastLogin,
        SessionEpoch epoch,
        ObjectNode fields)
        implements Account {
    public User {
        roles = Set.copyOf(roles);
    }

    boolean isActiveAdministrator() {
        return status == UserStatus.ACTIVE && roles.contains(Roles.ADMIN);
    }

    @Override
    public boolean active() {
        return status == UserStatus.ACTIVE;
    }

    /** This user with a later {@code lastLogin}. */
    public User loggedInAt(Instant time) {
        return new User(id, username, roles, status, version, createdAt, updatedAt, Optional.of(time), epoch, fields);
    }

    /**
     * This user with other contents; what the store decides (id, version, times) stays. Whoever is disabled loses all
     * sessions, so that none returns with the account.
     */
    User with(String newUsername, Set<String> newRoles, UserStatus newStatus, ObjectNode newFields) {
        boolean disabled = status == UserStatus.ACTIVE && newStatus != UserStatus.ACTIVE;
        SessionEpoch newEpoch = disabled ? epoch.next(null) : epoch;
        return new User(
                id, newUsername, newRoles, newStatus, version, createdAt, updatedAt, lastLogin, newEpoch, newFields);
    }

    /** This user after all sessions have ended but for one. */
    User withoutSessions(Optional<SessionId> sparing) {
        return new User(
                id,
                username,
                roles,
                status,
                version,
                createdAt,
                updatedAt,
                lastLogin,
                epoch.next(sparing.orElse(null)),
                fields);
    }
}
