/**
 * The keys that sign access tokens: creates, publishes, rotates and revokes them, and stores them encrypted.
 *
 * <p>Depends on {@code store} and {@code audit}, and on {@code user} for the caller of its resource. Start reading at
 * {@link org.gatehouse.key.SigningKeys}, then {@link org.gatehouse.key.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.key;

import org.jspecify.annotations.NullMarked;
