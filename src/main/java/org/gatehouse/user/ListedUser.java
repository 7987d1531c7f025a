package org.gatehouse.user;

/**
 * A user in a list.
 *
 * @param key the sort key of a list by name; possibly not the name as folded by the current rules
 */
public record ListedUser(User user, String key) {}
