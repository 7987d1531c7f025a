/**
 * Contains the tests of the packaged WAR over HTTP, and the clients and servers that other tests share. Each test class
 * has its own Redis and its own database, in an embedded MongoDB-compatible server or in the one that {@code
 * TEST_MONGODB_URI} names. Start reading at {@link org.gatehouse.war.WarServer}; the tests of other packages use {@link
 * org.gatehouse.app.Node}, which starts faster and hashes passwords cheaply.
 */
@NullMarked
package org.gatehouse.war;

import org.jspecify.annotations.NullMarked;
