/**
 * Tests of the product as it is delivered: the packaged WAR in a real Jetty, on a real Redis and a server that speaks
 * MongoDB's protocol, over HTTP.
 *
 * <p>With {@code TEST_MONGODB_URI} set the same tests run against that server, each in a database of its own. Start at
 * {@link org.gatehouse.war.WarServer}.
 */
@NullMarked
package org.gatehouse.war;

import org.jspecify.annotations.NullMarked;
