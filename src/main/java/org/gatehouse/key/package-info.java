/**
 * Contains the keys that sign access tokens, and creates, publishes, rotates, revokes and stores them. Serves the
 * metadata that leads to the published keys.
 *
 * <p>May depend on {@code store}, {@code audit} and {@code user}. Start reading at
 * {@link org.gatehouse.key.SigningKeys}, then {@link org.gatehouse.key.RotatingKeys}.
 */
@NullMarked
package org.gatehouse.key;

import org.jspecify.annotations.NullMarked;
