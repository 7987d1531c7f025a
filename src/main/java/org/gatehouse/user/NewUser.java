package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;

/**
 * A user about to be stored.
 *
 * @param passwordHash a PHC string
 */
record NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
    NewUser {
        roles = Set.copyOf(roles);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
