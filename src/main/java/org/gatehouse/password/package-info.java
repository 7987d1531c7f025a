/**
 * Contains the policy for new passwords, and password hashing with limits that leave resources for other requests.
 *
 * <p>This package does not depend on users or stores. Hashing and checking return only hashes and truth values, never a
 * password. Start reading at {@link org.gatehouse.password.PasswordHasher}.
 */
@NullMarked
package org.gatehouse.password;

import org.jspecify.annotations.NullMarked;
