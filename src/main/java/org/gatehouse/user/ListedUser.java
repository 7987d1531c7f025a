package org.gatehouse.user;

/**
 * A user in a list.
 *
 * @param canonicalUsername the stored sort key of a list by name; may differ from the name folded by the current rules
 */
record ListedUser(User user, String canonicalUsername) {}
