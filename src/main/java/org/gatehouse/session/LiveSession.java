package org.gatehouse.session;

import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that has not been ended individually; the user's {@link SessionEpoch} may still have ended it.
 *
 * @param epoch the number of the user's {@link SessionEpoch} at the login
 */
public record LiveSession(SessionId id, UserId userId, long epoch) {}
