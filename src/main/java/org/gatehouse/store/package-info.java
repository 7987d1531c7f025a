/**
 * Contains the connections to MongoDB and Redis: their lifetime, their timeouts, and the translation of exceptions.
 *
 * <p>May depend on {@code config}, {@code concurrent}, {@code error}, {@code identity}, {@code json} and
 * {@code metrics}, but not on packages that store documents. Start reading at
 * {@link org.gatehouse.store.MongoConnection} and {@link org.gatehouse.store.RedisConnection}.
 */
@NullMarked
package org.gatehouse.store;

import org.jspecify.annotations.NullMarked;
