package org.gatehouse.session;

import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that was not ended individually. The session may still be invalid, because the user's {@link SessionEpoch}
 * may have changed.
 *
 * @param epoch the number of the user's {@link SessionEpoch} at the login
 */
public record LiveSession(SessionId id, UserId userId, long epoch) {}
