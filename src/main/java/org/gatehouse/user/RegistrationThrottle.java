package org.gatehouse.user;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.RateLimitPermit;
import org.gatehouse.throttle.Throttle;

/** Limits how many accounts each source may register without an administrator. */
final class RegistrationThrottle {
    private static final Quota REGISTRATIONS = new Quota("registrations", 10, Duration.ofHours(1));

    private final Throttle throttle;

    public RegistrationThrottle(Throttle throttle) {
        this.throttle = throttle;
    }

    /**
     * Counts a registration before it takes place.
     *
     * @param source the source of the request, from {@code ClientInfo.source()}
     * @return a permit to refund if the registration failed and the caller learned nothing; a response that the
     *     username is taken counts
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    public RateLimitPermit acquire(String source) {
        return throttle.acquire("source:" + source, List.of(REGISTRATIONS), ErrorCode.TOO_MANY_REQUESTS);
    }
}
