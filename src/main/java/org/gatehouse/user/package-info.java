/**
 * Users: what one is, who may see and change one, and where they are kept.
 *
 * <p>Knows callers, passwords, the cache and the store, and nothing of logins. Start at
 * {@link org.gatehouse.user.UserResource}, then {@link org.gatehouse.user.UserService}.
 */
@NullMarked
package org.gatehouse.user;

import org.jspecify.annotations.NullMarked;
