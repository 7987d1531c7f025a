package org.gatehouse.user;

import java.time.Duration;
import java.util.List;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;

/**
 * Limits what users do without an administrator: registrations, and changes of their own usernames and addresses.
 *
 * <p>Registrations and changes of usernames are limited because each response reveals whether a username is taken.
 * Therefore a failed attempt counts only if the username was taken. Callers refund the permits of all other failed
 * attempts. Changes of addresses are limited because mails may be sent to each address.
 */
final class UserThrottle {
    private static final Quota REGISTRATIONS = new Quota("registrations", 10, Duration.ofHours(1));
    private static final Quota USERNAME_CHANGES = new Quota("usernames", 10, Duration.ofHours(1));
    private static final Quota ADDRESS_CHANGES = new Quota("addresses", 10, Duration.ofHours(1));

    private final Throttle throttle;

    UserThrottle(Throttle throttle) {
        this.throttle = throttle;
    }

    /**
     * Counts a registration before it takes place.
     *
     * @param source the source of the request, from {@code ClientInfo.source()}
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    Throttle.Permit acquireRegistration(String source) {
        return acquire("source:" + source, REGISTRATIONS);
    }

    /**
     * Counts a change of the user's own username before it takes place.
     *
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    Throttle.Permit acquireUsernameChange(UserId id) {
        return acquire("usernames:" + id.hex(), USERNAME_CHANGES);
    }

    /**
     * Counts a change of the user's own address before it takes place.
     *
     * @throws GatehouseException {@code TOO_MANY_REQUESTS}
     */
    Throttle.Permit acquireAddressChange(UserId id) {
        return acquire("addresses:" + id.hex(), ADDRESS_CHANGES);
    }

    private Throttle.Permit acquire(String key, Quota quota) {
        return throttle.acquire(key, List.of(quota), ErrorCode.TOO_MANY_REQUESTS);
    }
}
