/**
 * Tests the promises of the cache under faults: stalled and cut links, stopped and killed servers and nodes, and a
 * checker of the history of all operations.
 *
 * <p>This package may depend on every other package. Start with {@link org.gatehouse.fault.Scenario}, then
 * {@link org.gatehouse.fault.History}.
 */
@NullMarked
package org.gatehouse.fault;

import org.jspecify.annotations.NullMarked;
