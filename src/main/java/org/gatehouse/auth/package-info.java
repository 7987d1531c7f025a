/**
 * Authenticates requests: issues and verifies tokens, and rejects callers that the matched method does not allow.
 *
 * <p>May depend on {@code key}, {@code user}, {@code service} and {@code session}. Start reading at
 * {@link org.gatehouse.auth.AuthenticationFilter}; the signing keys are in {@link org.gatehouse.key.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.auth;

import org.jspecify.annotations.NullMarked;
