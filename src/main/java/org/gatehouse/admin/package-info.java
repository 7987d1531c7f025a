/**
 * Ensures at startup that an administrator exists: creates the first one, and resets a lost one.
 *
 * <p>May depend on {@code user}, {@code password} and {@code audit}; it serves no requests. Start reading at
 * {@link org.gatehouse.admin.FirstAdministrator}.
 */
@NullMarked
package org.gatehouse.admin;

import org.jspecify.annotations.NullMarked;
