/**
 * Who is calling: tokens issued and verified, the filter that stands before every resource, and the caller it lets
 * through.
 *
 * <p>Knows tokens, ids and roles, and neither users nor stores. Start at
 * {@link org.gatehouse.auth.AuthenticationFilter}.
 */
@NullMarked
package org.gatehouse.auth;

import org.jspecify.annotations.NullMarked;
