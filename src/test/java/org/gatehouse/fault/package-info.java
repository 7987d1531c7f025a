/**
 * Tests the promises of the cache while links are stalled or cut, and while servers and nodes are stopped or killed. A
 * checker then verifies the history of all operations.
 *
 * <p>This package may depend on every other package. Start with {@link org.gatehouse.fault.Scenario}, and continue with
 * {@link org.gatehouse.fault.History}.
 */
@NullMarked
package org.gatehouse.fault;

import org.jspecify.annotations.NullMarked;
