/**
 * Contains the tests of the packaged WAR over HTTP, and the clients and servers that other tests share. The tests
 * depend on a real Redis and on a server that speaks MongoDB's protocol, or on the one that {@code TEST_MONGODB_URI}
 * names, each with its own database. Start reading at {@link org.gatehouse.war.WarServer}; the tests of other packages
 * use {@link org.gatehouse.Node}, which starts faster and hashes passwords cheaply.
 */
@NullMarked
package org.gatehouse.war;

import org.jspecify.annotations.NullMarked;
