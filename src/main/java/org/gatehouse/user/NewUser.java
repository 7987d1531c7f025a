package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.gatehouse.auth.UserId;

/**
 * A user about to be stored.
 *
 * @param passwordHash a PHC string
 */
record NewUser(
        UserId id, Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
    NewUser {
        roles = Set.copyOf(roles);
    }

    /** Under a new id. */
    NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
        this(UserDocument.newId(), username, passwordHash, roles, status, fields);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
