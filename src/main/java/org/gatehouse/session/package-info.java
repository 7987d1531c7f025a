/**
 * Contains sessions: a login starts one, and it ends on request, after its user is disabled or deleted, or after it
 * expires.
 *
 * <p>May depend on {@code user}, {@code cache}, {@code store} and {@code audit}. Start reading at
 * {@link org.gatehouse.session.SessionService}.
 */
@NullMarked
package org.gatehouse.session;

import org.jspecify.annotations.NullMarked;
