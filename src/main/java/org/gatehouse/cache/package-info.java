/**
 * The read-through cache in Redis: what a cached document's key and life are, and what happens when Redis is away.
 *
 * <p>Knows the Redis connection and bytes; what the bytes mean is the business of the DAO decorators that use it. Start
 * at {@link org.gatehouse.cache.DocumentCache}.
 */
@NullMarked
package org.gatehouse.cache;

import org.jspecify.annotations.NullMarked;
