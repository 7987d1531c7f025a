/**
 * Login and logout: from a name and a password to a token.
 *
 * <p>Knows users, passwords and tokens; nobody knows this room. Start at {@link org.gatehouse.login.LoginService}.
 */
@NullMarked
package org.gatehouse.login;

import org.jspecify.annotations.NullMarked;
