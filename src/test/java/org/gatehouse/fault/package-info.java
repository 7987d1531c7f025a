/**
 * The proof of the cache's promises under faults: nodes whose links to Redis and to MongoDB are stalled and cut, servers
 * and nodes that are stopped and killed, and a checker that reads the history of all operations.
 *
 * <p>May know everything. Start at {@link org.gatehouse.fault.Scenario}, then {@link org.gatehouse.fault.History}.
 */
@NullMarked
package org.gatehouse.fault;

import org.jspecify.annotations.NullMarked;
