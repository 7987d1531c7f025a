package org.gatehouse.user;

/**
 * A user in a list.
 *
 * @param canonicalUsername the stored sort key of a list by name; an older version may have folded the name by other
 *     rules
 */
record ListedUser(User user, String canonicalUsername) {}
