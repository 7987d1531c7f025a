/**
 * Enforces rate limits. Attempts are counted in windows of time: in Redis for all nodes, or in memory while Redis is
 * unavailable.
 *
 * <p>This package may depend on {@code store} and {@code error} only. Callers choose the keys and the quotas. Start
 * reading at {@link org.gatehouse.throttle.Throttle}.
 */
@NullMarked
package org.gatehouse.throttle;

import org.jspecify.annotations.NullMarked;
