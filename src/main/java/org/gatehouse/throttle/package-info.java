/**
 * Counting what must not happen too often: how often something may be done in a window of time, counted in Redis for all
 * nodes together, in memory while Redis is away.
 *
 * <p>Knows the Redis connection and error codes; what is counted, and by what, is the business of those who throttle.
 * Start at {@link org.gatehouse.throttle.Throttle}.
 */
@NullMarked
package org.gatehouse.throttle;

import org.jspecify.annotations.NullMarked;
