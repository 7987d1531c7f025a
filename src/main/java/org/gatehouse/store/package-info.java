/**
 * The connections to MongoDB and Redis: their lifetime, their timeouts, and the translation of their exceptions.
 *
 * <p>The drivers are known here and in the classes named {@code Mongo*}, {@code Redis*}, {@code *Document} and {@code *Cache}, nowhere else; what is stored
 * is none of this room's business. Start at {@link org.gatehouse.store.MongoConnection}.
 */
@NullMarked
package org.gatehouse.store;

import org.jspecify.annotations.NullMarked;
