/**
 * Starts, refreshes, lists and ends sessions. A login starts a session. The session ends on request, when its user is
 * disabled or deleted, or when it expires.
 *
 * <p>May depend on {@code user}, {@code cache}, {@code store} and {@code audit}. Start reading at
 * {@link org.gatehouse.session.SessionService}.
 */
@NullMarked
package org.gatehouse.session;

import org.jspecify.annotations.NullMarked;
