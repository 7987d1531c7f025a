package org.gatehouse.auth;

import java.util.Optional;
import java.util.function.Supplier;

/** Where {@link Authenticator} learns whether a login still counts. */
public interface LiveSessions {
    /**
     * A session that nobody has ended by itself.
     *
     * @param begunUnder the number of the user's {@link SessionCutoff} when it began
     */
    record LiveSession(SessionId id, UserId userId, long begunUnder) {}

    /** The session; empty when there is none, or it has ended. */
    default Optional<LiveSession> find(SessionId id) {
        return ask(id).get();
    }

    /** Asks without waiting; what is got is the same, as of now or later. */
    Supplier<Optional<LiveSession>> ask(SessionId id);
}
