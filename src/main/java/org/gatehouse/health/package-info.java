/**
 * Contains the endpoints for operators: liveness, readiness with the state of each dependency, and metrics.
 *
 * <p>This package may depend on {@code http}, {@code store}, {@code concurrent} and {@code metrics}. Only {@code app}
 * depends on it. Start reading at {@link org.gatehouse.health.HealthResource} and
 * {@link org.gatehouse.health.MetricsResource}.
 */
@NullMarked
package org.gatehouse.health;

import org.jspecify.annotations.NullMarked;
