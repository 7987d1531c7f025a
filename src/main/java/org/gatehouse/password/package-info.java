/**
 * Passwords: what a new one must be, and the hashing of them, bounded so that it can never starve the rest.
 *
 * <p>Knows nothing of users or stores; a password or hash that enters here leaves only as a hash or as yes or no. Start
 * at {@link org.gatehouse.password.PasswordHasher}.
 */
@NullMarked
package org.gatehouse.password;

import org.jspecify.annotations.NullMarked;
