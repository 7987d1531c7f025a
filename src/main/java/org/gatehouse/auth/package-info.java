/**
 * Who is calling: tokens issued and verified, the keys they are signed with, the filter that stands before every
 * resource, and the caller it lets through.
 *
 * <p>Knows tokens, keys, ids and roles; of users and sessions only the questions that {@code Accounts} and
 * {@code LiveSessions} ask. Start at {@link org.gatehouse.auth.AuthenticationFilter}, then
 * {@link org.gatehouse.auth.Authenticator}; for the keys at {@link org.gatehouse.auth.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.auth;

import org.jspecify.annotations.NullMarked;
