/**
 * Rate limits: counts attempts in windows of time, in Redis for all nodes together, and in memory while Redis is
 * unavailable.
 *
 * <p>Depends on the Redis connection and the error codes only; callers choose the keys and the quotas. Start at
 * {@link org.gatehouse.throttle.Throttle}.
 */
@NullMarked
package org.gatehouse.throttle;

import org.jspecify.annotations.NullMarked;
