package org.gatehouse.user;

import java.time.Duration;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/** Checks that the caller owns the account, because a stolen token must not be enough to take over the account. */
public interface Reauthentication {
    /** The name of the body field that contains the current password. A custom field cannot have this name. */
    String CURRENT_PASSWORD = "currentPassword";

    /** For this time after a login, the current password is not required. Changes often follow a login. */
    Duration RECENT_LOGIN = Duration.ofMinutes(10);

    /**
     * Requires the current password, or a recent login if the password is absent.
     *
     * @param currentPassword null if the request does not contain it
     * @throws GatehouseException {@code VALIDATION_FAILED} that names {@link #CURRENT_PASSWORD},
     *     {@code LOGIN_THROTTLED}, {@code BUSY}, {@code SESSION_ENDED}, {@code USER_NOT_FOUND}
     */
    void require(UserCaller caller, @Nullable String currentPassword);

    /**
     * Requires the current password, even after a recent login.
     *
     * @throws GatehouseException for the same reasons as {@link #require}
     */
    void requireCurrentPassword(UserCaller caller, String currentPassword);

    /**
     * Requires the password of an account from a client without a token of that account.
     *
     * @param field the name of the body field that contains the password
     * @throws GatehouseException {@code VALIDATION_FAILED} that names the field, {@code LOGIN_THROTTLED}, {@code BUSY},
     *     {@code USER_NOT_FOUND}
     */
    void requirePassword(UserId account, String password, String field, ClientInfo client);
}
