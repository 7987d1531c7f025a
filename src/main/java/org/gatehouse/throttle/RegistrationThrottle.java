package org.gatehouse.throttle;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/** Bounds how many accounts one source may make for itself. */
public final class RegistrationThrottle {
    private static final Quota ACCOUNTS = new Quota("registrations", 10, Duration.ofHours(1));

    private final Throttle throttle;
    private final Quota quota;

    public RegistrationThrottle(Throttle throttle) {
        this(throttle, ACCOUNTS);
    }

    RegistrationThrottle(Throttle throttle, Quota quota) {
        this.throttle = throttle;
        this.quota = quota;
    }

    /**
     * Counts a new account, before it is made.
     *
     * @param source where the request came from, as {@code Origin.source()} has it
     * @return to be given back when no account was made and the caller learnt nothing; that a name is taken is worth a count
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    public Admission admit(String source) {
        return throttle.admit("source:" + source, List.of(quota), ErrorCode.TOO_MANY_REQUESTS);
    }
}
