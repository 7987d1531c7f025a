/**
 * The read-through cache in Redis and its protocol: why a document that was changed is never shown as it was.
 *
 * <p>Knows the connections to the stores and bytes; what the bytes mean is the business of the DAO decorators that use
 * it. Start at {@link org.gatehouse.cache.DocumentCache}, then {@link org.gatehouse.cache.Generation}.
 */
@NullMarked
package org.gatehouse.cache;

import org.jspecify.annotations.NullMarked;
