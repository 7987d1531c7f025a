/**
 * Sessions: every login is one, and ends when somebody says so, when its user may no longer act, or when it was left
 * alone for too long.
 *
 * <p>Knows callers, the cache, the store, and users as far as their sessions go; nothing of passwords. Start at
 * {@link org.gatehouse.session.SessionService}.
 */
@NullMarked
package org.gatehouse.session;

import org.jspecify.annotations.NullMarked;
