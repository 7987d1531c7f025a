/**
 * Caches documents in Redis, with a protocol that prevents stale reads.
 *
 * <p>May depend on {@code store}. Entries are bytes; the DAOs that use the cache convert them. Start reading at
 * {@link org.gatehouse.cache.DocumentCache}, then {@link org.gatehouse.cache.Generation}.
 */
@NullMarked
package org.gatehouse.cache;

import org.jspecify.annotations.NullMarked;
