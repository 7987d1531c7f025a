package org.gatehouse.identity;

import org.jspecify.annotations.Nullable;

/**
 * The epoch of a user's sessions: sessions that began in an earlier epoch have ended, except the exempt session.
 *
 * <p>The epoch is stored in the user's document. One atomic write can therefore change the password and end the other
 * sessions. This write also ends the session of a concurrent login that has read the old password.
 *
 * @param number increased by one to end all sessions at once; a session stores the number at its login
 * @param exempt the session that the latest increase did not end
 */
public record SessionEpoch(long number, @Nullable SessionId exempt) {
    /** The epoch of a user whose sessions have never been ended all at once. */
    public static final SessionEpoch FIRST = new SessionEpoch(0, null);

    /**
     * Returns the next epoch, in which all existing sessions have ended, except the exempted session.
     *
     * @param exempted the session that remains valid, if any
     */
    public SessionEpoch next(@Nullable SessionId exempted) {
        return new SessionEpoch(number + 1, exempted);
    }

    /** Returns whether a session that began in the epoch with this number is still valid. */
    public boolean allows(SessionId session, long epoch) {
        return epoch >= number || session.equals(exempt);
    }
}
