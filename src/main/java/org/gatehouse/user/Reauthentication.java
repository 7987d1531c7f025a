package org.gatehouse.user;

import java.time.Duration;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * Checks that the caller owns the account and does not merely hold a token. It runs before changes with which a thief
 * of the token could take over the account.
 */
public interface Reauthentication {
    /** The field of a body that contains the current password; never a custom field. */
    String CURRENT_PASSWORD = "currentPassword";

    /** How long a login is sufficient by itself: the time in which users make the change that they logged in for. */
    Duration RECENT_LOGIN = Duration.ofMinutes(10);

    /**
     * Requires the current password or, if it is absent, a recent login.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} that names {@link #CURRENT_PASSWORD},
     *     {@code LOGIN_THROTTLED}, {@code BUSY}, {@code SESSION_ENDED}, {@code USER_NOT_FOUND}
     */
    void require(Caller caller, Optional<String> currentPassword);
}
