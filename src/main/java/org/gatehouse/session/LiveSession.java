package org.gatehouse.session;

import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * A session that was not ended individually. The session may still be invalid, because the user's {@link SessionEpoch}
 * or that of all users may have changed.
 *
 * @param epoch the number of the user's {@link SessionEpoch} at the login
 * @param globalEpoch the number of the {@link SessionEpoch} of all users at the login
 */
public record LiveSession(SessionId id, UserId userId, long epoch, long globalEpoch) {}
