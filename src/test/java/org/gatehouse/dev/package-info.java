/**
 * Contains the MongoDB and Redis of {@code mvn jetty:run} and of the tests. They are on the test class path, which
 * {@code jetty:run} adds to the web application, and never in the WAR.
 *
 * <p>This package may depend on {@code app}, the settings and the embedded servers. Start with
 * {@link org.gatehouse.dev.DevServices}.
 */
@NullMarked
package org.gatehouse.dev;

import org.jspecify.annotations.NullMarked;
