package org.gatehouse.user;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.RateLimitPermit;
import org.gatehouse.throttle.Throttle;

/**
 * Limits how often users may change their own usernames. The limit exists because each response reveals whether a
 * username is taken, and each change writes to the audit log.
 */
final class UsernameChangeThrottle {
    private static final Quota CHANGES = new Quota("usernames", 10, Duration.ofHours(1));

    private final Throttle throttle;

    public UsernameChangeThrottle(Throttle throttle) {
        this.throttle = throttle;
    }

    /**
     * Counts a change of username before it takes place.
     *
     * @param userId stays the same when the username changes
     * @return a permit to refund if the change failed and the caller learned nothing; a response that the username is
     *     taken counts
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    public RateLimitPermit acquire(String userId) {
        return throttle.acquire("usernames:" + userId, List.of(CHANGES), ErrorCode.TOO_MANY_REQUESTS);
    }
}
