/**
 * Contains the MongoDB, Redis and mail servers of {@code mvn jetty:run} and of the tests. The package is on the test
 * class path, which {@code jetty:run} adds to the web application. The WAR does not contain this package.
 *
 * <p>This package may depend on {@code app}, the settings and the embedded servers. Start with
 * {@link org.gatehouse.dev.DevServices}.
 */
@NullMarked
package org.gatehouse.dev;

import org.jspecify.annotations.NullMarked;
