package org.gatehouse.user;

import java.util.Optional;

/**
 * A user together with what proves a password; exists only between the store and the check, never in the cache.
 *
 * @param passwordHash a PHC string; empty for a user who cannot log in with a password
 */
public record Credential(User user, Optional<String> passwordHash) {
    @Override
    public String toString() {
        return "Credential[" + user.id() + "]";
    }
}
