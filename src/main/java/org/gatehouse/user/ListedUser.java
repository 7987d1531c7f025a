package org.gatehouse.user;

/**
 * A user in a list.
 *
 * @param key what the list is sorted by when it is sorted by name; not always what a name of today would be folded to
 */
public record ListedUser(User user, String key) {}
