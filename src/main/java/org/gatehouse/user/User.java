package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

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
        ObjectNode fields) {
    public User {
        roles = Set.copyOf(roles);
    }

    boolean isActiveAdministrator() {
        return isActive() && roles.contains(Roles.ADMIN);
    }

    /** Whether the user may do anything at all. */
    public boolean isActive() {
        return status == UserStatus.ACTIVE;
    }

    /**
     * Whether a session of this user is still authorized, provided that it has not been ended by itself.
     *
     * @param sessionEpoch the number of the epoch when the session began
     */
    public boolean allows(SessionId session, long sessionEpoch) {
        return isActive() && epoch.allows(session, sessionEpoch);
    }

    /** This user with a later {@code lastLogin}. */
    public User loggedInAt(Instant time) {
        return new User(id, username, roles, status, version, createdAt, updatedAt, Optional.of(time), epoch, fields);
    }

    /**
     * This user with other contents; what the store decides (id, version, times) stays. Disabling a user ends all
     * sessions, so that none is valid again once the user is enabled.
     */
    public User with(String newUsername, Set<String> newRoles, UserStatus newStatus, ObjectNode newFields) {
        boolean disabled = isActive() && newStatus != UserStatus.ACTIVE;
        SessionEpoch newEpoch = disabled ? epoch.next(null) : epoch;
        return new User(
                id, newUsername, newRoles, newStatus, version, createdAt, updatedAt, lastLogin, newEpoch, newFields);
    }

    /** This user after all sessions except the exempt one have ended. */
    User withoutSessions(@Nullable SessionId exempt) {
        return new User(
                id, username, roles, status, version, createdAt, updatedAt, lastLogin, epoch.next(exempt), fields);
    }
}
