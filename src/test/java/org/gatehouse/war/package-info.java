/**
 * Tests of the service over HTTP, on a real Redis and a server that speaks MongoDB's protocol. Deployment, health,
 * unavailable stores, secrets, containers and one login walk use the packaged WAR; the others run the application in
 * the test's process, on {@link org.gatehouse.Node}, which starts faster and hashes passwords cheaply.
 *
 * <p>With {@code TEST_MONGODB_URI} set the same tests run against that server, each in a database of its own. Start at
 * {@link org.gatehouse.war.WarServer}.
 */
@NullMarked
package org.gatehouse.war;

import org.jspecify.annotations.NullMarked;
