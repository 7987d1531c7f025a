/**
 * The identities that every other package may name: ids of users and sessions, roles, and which sessions have ended.
 *
 * <p>Depends on no other package of Gatehouse. Start reading at {@link org.gatehouse.identity.UserId}.
 */
@NullMarked
package org.gatehouse.identity;

import org.jspecify.annotations.NullMarked;
