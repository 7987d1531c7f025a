package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Set;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.jspecify.annotations.Nullable;

/**
 * A user that is about to be stored.
 *
 * @param passwordHash the hash to store; null for a user who cannot log in until a password is set
 */
public record NewUser(
        UserId id,
        Username username,
        @Nullable String passwordHash,
        Set<String> roles,
        UserStatus status,
        ObjectNode fields,
        Imported imported) {
    public NewUser {
        roles = Set.copyOf(roles);
    }

    /**
     * The metadata of a user imported from another database. If a component is null, the imported user gets the value
     * that a newly created user gets.
     *
     * @param sameId whether the user keeps its id from the other database. If so, the sessions of a deleted user with
     *     this id stay ended
     * @param version at least 1
     */
    public record Imported(
            boolean sameId,
            @Nullable Long version,
            @Nullable Instant createdAt,
            @Nullable Instant updatedAt,
            @Nullable Instant lastLogin) {
        static final Imported NONE = new Imported(false, null, null, null, null);
    }

    /** Creates a user with a new id. */
    public NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
        this(UserDocument.newId(), username, passwordHash, roles, status, fields, Imported.NONE);
    }

    /** Returns this user with the given hash. */
    public NewUser withHash(String hash) {
        return new NewUser(id, username, hash, roles, status, fields, imported);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
