/**
 * Ensures at startup that an administrator exists: creates the first administrator, and resets an account whose
 * password is lost.
 *
 * <p>May depend on {@code user}, {@code password} and {@code audit}. Serves no requests. Start reading at
 * {@link org.gatehouse.admin.FirstAdministrator}.
 */
@NullMarked
package org.gatehouse.admin;

import org.jspecify.annotations.NullMarked;
