package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.auth.UserId;
import org.gatehouse.http.Roles;

/**
 * A user as others may see it: there is no place in it for a password or a hash.
 *
 * @param username as typed
 * @param version raised by one in each change; 0 in a document that another service wrote
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
        ObjectNode fields) {
    public User {
        roles = Set.copyOf(roles);
    }

    boolean isActiveAdministrator() {
        return status == UserStatus.ACTIVE && roles.contains(Roles.ADMIN);
    }

    /** This user with a later {@code lastLogin}. */
    public User loggedInAt(Instant time) {
        return new User(id, username, roles, status, version, createdAt, updatedAt, Optional.of(time), fields);
    }

    /** This user with other contents; what the store decides (id, version, times) stays. */
    User with(String newUsername, Set<String> newRoles, UserStatus newStatus, ObjectNode newFields) {
        return new User(id, newUsername, newRoles, newStatus, version, createdAt, updatedAt, lastLogin, newFields);
    }
}
