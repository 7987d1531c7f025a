package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;

/**
 * A user that is about to be stored.
 *
 * @param passwordHash the hash to store; empty for a user who cannot log in until a password is set
 */
public record NewUser(
        UserId id,
        Username username,
        Optional<String> passwordHash,
        Set<String> roles,
        UserStatus status,
        ObjectNode fields,
        ImportedMetadata imported) {
    public NewUser {
        roles = Set.copyOf(roles);
    }

    /** Creates a user with a new id. */
    public NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
        this(UserDocument.newId(), username, passwordHash, roles, status, fields);
    }

    /** Creates a user with an id that was chosen before. */
    public NewUser(
            UserId id,
            Username username,
            String passwordHash,
            Set<String> roles,
            UserStatus status,
            ObjectNode fields) {
        this(id, username, Optional.of(passwordHash), roles, status, fields, ImportedMetadata.NONE);
    }

    /** Returns this user with the given hash. */
    public NewUser withHash(String hash) {
        return new NewUser(id, username, Optional.of(hash), roles, status, fields, imported);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
