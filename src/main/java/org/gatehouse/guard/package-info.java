/**
 * Contains a servlet filter for other web applications, which accepts the access tokens of a Gatehouse. The build
 * attaches it as {@code gatehouse-guard.jar}; Gatehouse's own WAR does not contain it.
 *
 * <p>Depends on the Servlet API and on Nimbus only, and on no other package of Gatehouse. It starts no threads and has no
 * static state, so nothing of it remains after a redeployment. Start reading at
 * {@link org.gatehouse.guard.GuardFilter}.
 */
@NullMarked
package org.gatehouse.guard;

import org.jspecify.annotations.NullMarked;
