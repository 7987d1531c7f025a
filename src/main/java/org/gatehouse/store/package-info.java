/**
 * The connections to MongoDB and Redis: their lifetime, their timeouts, and the translation of their exceptions.
 *
 * <p>Depends on {@code config}, {@code concurrent}, {@code error}, {@code identity}, {@code json} and {@code metrics},
 * and knows nothing of the stored documents. Start reading at {@link org.gatehouse.store.MongoConnection} and
 * {@link org.gatehouse.store.RedisConnection}.
 */
@NullMarked
package org.gatehouse.store;

import org.jspecify.annotations.NullMarked;
