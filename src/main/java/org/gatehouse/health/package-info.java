/**
 * The state of the service for operators: whether it lives, whether requests would succeed, and its metrics.
 *
 * <p>No other package depends on this one. Start at {@link org.gatehouse.health.HealthResource} for the state of the
 * dependencies, and at {@link org.gatehouse.health.MetricsResource} for the metrics.
 */
@NullMarked
package org.gatehouse.health;

import org.jspecify.annotations.NullMarked;
