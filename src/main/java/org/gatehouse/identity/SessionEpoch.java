package org.gatehouse.identity;

import org.jspecify.annotations.Nullable;

/**
 * The epoch of a user's sessions: sessions that began in an earlier epoch have ended, except the exempt one.
 *
 * <p>The epoch is stored in the user's document. One atomic write can therefore change the password and end the other
 * sessions. Such a write also ends the session of a login that read the old password just before.
 *
 * @param number increased by one whenever sessions end together; a session stores the number at its login
 * @param exempt the session that the latest increase did not end
 */
public record SessionEpoch(long number, @Nullable SessionId exempt) {
    /** The epoch of a user whose sessions have never been ended together. */
    public static final SessionEpoch FIRST = new SessionEpoch(0, null);

    /**
     * The next epoch, in which all existing sessions have ended.
     *
     * @param exempted the session that remains valid, if any
     */
    public SessionEpoch next(@Nullable SessionId exempted) {
        return new SessionEpoch(number + 1, exempted);
    }

    /** Whether a session that began in the epoch of this number is still valid. */
    public boolean allows(SessionId session, long epoch) {
        return epoch >= number || session.equals(exempt);
    }
}
