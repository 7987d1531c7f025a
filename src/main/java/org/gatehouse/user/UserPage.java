package org.gatehouse.user;

import java.util.List;
import java.util.Optional;

/**
 * One page of a list of users.
 *
 * @param next where the page ended; empty when nothing follows
 */
public record UserPage(List<User> users, Optional<UserQuery.Place> next) {
    public UserPage {
        users = List.copyOf(users);
    }
}
