/**
 * Dev services: the MongoDB and Redis that {@code mvn jetty:run} and the tests bring along.
 *
 * <p>They live on the test class path, which {@code jetty:run} adds to the web application, and are never in the WAR.
 * Start at {@link org.gatehouse.dev.DevServices}.
 */
@NullMarked
package org.gatehouse.dev;

import org.jspecify.annotations.NullMarked;
