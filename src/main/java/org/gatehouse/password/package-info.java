/**
 * Contains the policy for new passwords, and password hashing with limits that leave resources for other requests.
 *
 * <p>Does not depend on users or stores; a password or hash that enters leaves only as a hash or as true or false.
 * Start reading at {@link org.gatehouse.password.PasswordHasher}.
 */
@NullMarked
package org.gatehouse.password;

import org.jspecify.annotations.NullMarked;
