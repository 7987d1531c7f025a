package org.gatehouse.auth;

import java.util.Set;

/**
 * A user as far as a caller's rights go, as the user is now.
 *
 * @param active whether the user may do anything at all
 * @param cutoff which of the user's sessions have ended
 */
public record Account(UserId id, String username, boolean active, Set<String> roles, SessionCutoff cutoff) {
    public Account {
        roles = Set.copyOf(roles);
    }
}
