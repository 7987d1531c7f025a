/**
 * Contains login, token refresh, logout and password changes, with the throttle against password guessing.
 *
 * <p>May depend on the packages of users, sessions, passwords and tokens. Only the package that starts Gatehouse
 * depends on this package. Start reading at {@link org.gatehouse.login.LoginService}.
 */
@NullMarked
package org.gatehouse.login;

import org.jspecify.annotations.NullMarked;
