/**
 * Login and logout: from a name and a password to a session and its tokens, and what is done with a password.
 *
 * <p>Knows users, sessions, passwords and tokens; nobody knows this room. Start at
 * {@link org.gatehouse.login.LoginService}.
 */
@NullMarked
package org.gatehouse.login;

import org.jspecify.annotations.NullMarked;
