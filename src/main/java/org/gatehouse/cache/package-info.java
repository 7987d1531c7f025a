/**
 * The read-through cache in Redis and its protocol, which prevents stale reads.
 *
 * <p>Depends on the connections to the stores. Entries are bytes here; the DAOs that use the cache convert them. Start
 * at {@link org.gatehouse.cache.DocumentCache}, then {@link org.gatehouse.cache.Generation}.
 */
@NullMarked
package org.gatehouse.cache;

import org.jspecify.annotations.NullMarked;
