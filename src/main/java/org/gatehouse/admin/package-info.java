/**
 * Ensures at startup that an administrator exists. {@code FirstAdministrator} creates the first administrator.
 * {@code AdministratorReset} resets an account whose password is lost.
 *
 * <p>This package may depend on {@code user}, {@code password} and {@code audit}. It does not serve requests. Start
 * reading at {@link org.gatehouse.admin.FirstAdministrator}.
 */
@NullMarked
package org.gatehouse.admin;

import org.jspecify.annotations.NullMarked;
