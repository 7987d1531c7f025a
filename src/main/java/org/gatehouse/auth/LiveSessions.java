package org.gatehouse.auth;

import java.util.Optional;
import java.util.function.Supplier;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/** Where {@link Authenticator} learns whether a login still counts. */
public interface LiveSessions {
    /**
     * A session that nobody has ended by itself.
     *
     * @param epoch the number of the user's {@link SessionEpoch} when the session began
     */
    record LiveSession(SessionId id, UserId userId, long epoch) {}

    /** The session; empty when there is none, or it has ended. */
    default Optional<LiveSession> find(SessionId id) {
        return ask(id).get();
    }

    /** Asks without waiting; what is got is the same, as of now or later. */
    Supplier<Optional<LiveSession>> ask(SessionId id);
}
