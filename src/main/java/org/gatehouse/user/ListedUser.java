package org.gatehouse.user;

/**
 * A user in a list.
 *
 * @param canonicalUsername the sort key of a list by name; possibly not the name as folded by the current rules
 */
record ListedUser(User user, String canonicalUsername) {}
