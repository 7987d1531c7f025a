package org.gatehouse.auth;

import java.util.Optional;

/**
 * Which of a user's sessions have ended all at once: every one begun under an earlier number, but for the one kept.
 *
 * <p>It lies in the user's own document, so a change of password and the end of all other sessions are one atomic write,
 * and a login that read the old password just before it is ended by it too.
 *
 * @param number raised by one each time; a session notes the number that it began under
 * @param kept the session that the latest raise spared
 */
public record SessionCutoff(long number, Optional<SessionId> kept) {
    /** Nothing has ended yet. */
    public static final SessionCutoff NONE = new SessionCutoff(0, Optional.empty());

    /** The next cutoff: all sessions of today end, but for one. */
    public SessionCutoff raised(Optional<SessionId> sparing) {
        return new SessionCutoff(number + 1, sparing);
    }

    public boolean spares(SessionId session, long begunUnder) {
        return begunUnder >= number || kept.filter(session::equals).isPresent();
    }
}
