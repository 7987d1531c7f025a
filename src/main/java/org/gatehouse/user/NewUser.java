package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.UserId;

/**
 * A user about to be stored.
 *
 * @param passwordHash what is stored of the password; empty for a user who cannot log in until one is set
 */
public record NewUser(
        UserId id,
        Username username,
        Optional<String> passwordHash,
        Set<String> roles,
        UserStatus status,
        ObjectNode fields,
        ImportedMetadata past) {
    public NewUser {
        roles = Set.copyOf(roles);
    }

    /** Under a new id. */
    public NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
        this(UserDocument.newId(), username, passwordHash, roles, status, fields);
    }

    /** Under an id that was chosen before. */
    public NewUser(
            UserId id,
            Username username,
            String passwordHash,
            Set<String> roles,
            UserStatus status,
            ObjectNode fields) {
        this(id, username, Optional.of(passwordHash), roles, status, fields, ImportedMetadata.NONE);
    }

    /** The same with this hash. */
    public NewUser withHash(String hash) {
        return new NewUser(id, username, Optional.of(hash), roles, status, fields, past);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
