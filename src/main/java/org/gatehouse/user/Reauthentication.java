package org.gatehouse.user;

import java.time.Duration;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * Checks that the caller is the owner of the account and not only the holder of a token, before a change by which a thief
 * of the token could take the account over.
 */
public interface Reauthentication {
    /** The field of a body that carries the present password; never a custom field. */
    String CURRENT_PASSWORD = "currentPassword";

    /** How long a login is proof enough by itself; the time in which people change what they logged in for. */
    Duration RECENT_LOGIN = Duration.ofMinutes(10);

    /**
     * Requires the present password or, if none is given, a recent login.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} that names {@link #CURRENT_PASSWORD}, {@code LOGIN_THROTTLED},
     *     {@code BUSY}, {@code SESSION_ENDED}, {@code USER_NOT_FOUND}
     */
    void require(Caller caller, Optional<String> currentPassword);
}
