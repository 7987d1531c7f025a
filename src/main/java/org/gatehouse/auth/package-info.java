/**
 * Contains the authentication of requests: issues and verifies tokens, and rejects callers that may not call a method.
 *
 * <p>May depend on {@code key}, {@code user} and {@code session}, which do not depend on tokens. Start reading at
 * {@link org.gatehouse.auth.AuthenticationFilter}; for the signing keys at {@link org.gatehouse.key.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.auth;

import org.jspecify.annotations.NullMarked;
