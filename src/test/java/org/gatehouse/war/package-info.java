/**
 * Contains the tests of the packaged WAR over HTTP, and the clients and servers that other tests share. Each test class
 * has its own Redis and its own database. The database is in an embedded MongoDB-compatible server, or in the server
 * that {@code TEST_MONGODB_URI} names.
 *
 * <p>Start with {@link org.gatehouse.war.WarServer}. The tests of other packages use {@link org.gatehouse.app.Node},
 * which starts faster and computes cheap password hashes.
 */
@NullMarked
package org.gatehouse.war;

import org.jspecify.annotations.NullMarked;
