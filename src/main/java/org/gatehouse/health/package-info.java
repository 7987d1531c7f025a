/**
 * How the service is: whether it lives, whether requests to it would succeed, and figures about what it does.
 *
 * <p>Knows the rooms that it watches, through the observers that they offer and what they tell of themselves; none of them
 * knows it. Start at {@link org.gatehouse.health.HealthResource} for the state of the dependencies, and at
 * {@link org.gatehouse.health.Metrics} for the figures.
 */
@NullMarked
package org.gatehouse.health;

import org.jspecify.annotations.NullMarked;
