/**
 * Contains users: their model, the rules for reading and changing them, their HTTP resource and their store. The
 * package may depend on identities, passwords, throttles, the cache, the audit log and the store, but not on logins.
 * Start at {@link org.gatehouse.user.UserResource}, then {@link org.gatehouse.user.UserService}.
 */
@NullMarked
package org.gatehouse.user;

import org.jspecify.annotations.NullMarked;
