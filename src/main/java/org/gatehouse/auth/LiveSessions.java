package org.gatehouse.auth;

import java.util.Optional;

/** Where {@link Authenticator} learns whether a login still counts. */
public interface LiveSessions {
    /**
     * A session that nobody has ended by itself.
     *
     * @param begunUnder the number of the user's {@link SessionCutoff} when it began
     */
    record LiveSession(SessionId id, UserId userId, long begunUnder) {}

    /** The session; empty when there is none, or it has ended. */
    Optional<LiveSession> find(SessionId id);
}
