/**
 * Authentication of requests: tokens are issued and verified here, and a filter rejects callers that may not call a method.
 *
 * <p>May depend on {@code user} and {@code session}, which know nothing of tokens. Start reading at
 * {@link org.gatehouse.auth.AuthenticationFilter}; for the signing keys at {@link org.gatehouse.key.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.auth;

import org.jspecify.annotations.NullMarked;
