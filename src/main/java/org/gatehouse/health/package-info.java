/**
 * The endpoints for operators: liveness, readiness with the state of each dependency, and metrics.
 *
 * <p>May depend on {@code http}, {@code store}, {@code concurrent} and {@code metrics}; no other package depends on it.
 * Start reading at {@link org.gatehouse.health.HealthResource} and {@link org.gatehouse.health.MetricsResource}.
 */
@NullMarked
package org.gatehouse.health;

import org.jspecify.annotations.NullMarked;
