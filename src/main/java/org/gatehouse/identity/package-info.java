/**
 * Contains the identities that every other package may use: ids of users and sessions, usernames, roles, and session
 * epochs.
 *
 * <p>This package does not depend on other packages of Gatehouse. Start reading at
 * {@link org.gatehouse.identity.UserId}.
 */
@NullMarked
package org.gatehouse.identity;

import org.jspecify.annotations.NullMarked;
