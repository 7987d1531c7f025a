package org.gatehouse.throttle;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Bounds how often a user may change the own username: each answer tells whether a name is taken, and each change writes
 * to the audit log.
 */
public final class UsernameChangeThrottle {
    private static final Quota CHANGES = new Quota("usernames", 10, Duration.ofHours(1));

    private final Throttle throttle;

    public UsernameChangeThrottle(Throttle throttle) {
        this.throttle = throttle;
    }

    /**
     * Counts a change, before it is made.
     *
     * @param userId which no change of the name changes
     * @return to be given back if the change failed and the caller learned nothing; that a name is taken counts
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    public Admission admit(String userId) {
        return throttle.admit("usernames:" + userId, List.of(CHANGES), ErrorCode.TOO_MANY_REQUESTS);
    }
}
