package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * Requires a recent authentication for sensitive calls, because a stolen token must not be enough to take over an
 * account (RFC 9470).
 *
 * <p>An authentication is recent if it is at most {@code STEP_UP_MAX_AGE} ago. If the account has a second factor, the
 * session must also have passed a factor. A service authenticates when its token is issued.
 */
public interface StepUp {
    /** The name of the body field that contains the current password. A custom field cannot have this name. */
    String CURRENT_PASSWORD = "currentPassword";

    /**
     * Requires a recent authentication.
     *
     * @throws GatehouseException {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED},
     *     {@code STORE_UNAVAILABLE}
     */
    void require(Caller caller);

    /**
     * Requires a recent authentication, or the current password of an account without a second factor. A password that
     * the request contains must always be right. It is not evaluated if the account has a factor and the authentication
     * is insufficient.
     *
     * @param currentPassword null if the request does not contain it
     * @throws GatehouseException as {@link #require(Caller)}; {@code VALIDATION_FAILED} that names
     *     {@link #CURRENT_PASSWORD}, {@code LOGIN_THROTTLED}, {@code BUSY}
     */
    void require(UserCaller caller, @Nullable String currentPassword);

    /**
     * Requires the current password, even after a recent login. If the account has a second factor, a recent
     * authentication with a factor is required, too.
     *
     * @throws GatehouseException for the same reasons as {@link #require(UserCaller, String)}
     */
    void requireCurrentPassword(UserCaller caller, String currentPassword);

    /**
     * Requires the password of an account, whether or not the client has a token of it. A factor is not required.
     *
     * @param field the name of the body field that contains the password
     * @throws GatehouseException {@code VALIDATION_FAILED} that names the field, {@code LOGIN_THROTTLED}, {@code BUSY},
     *     {@code USER_NOT_FOUND}
     */
    void requirePassword(UserId account, String password, String field, ClientInfo client);

    /**
     * Returns {@code INSUFFICIENT_USER_AUTHENTICATION} with the authentication that the call requires (RFC 9470,
     * section 3).
     *
     * @param maxAge the maximum age of the authentication, reported in whole seconds; null for any age
     * @param acr {@link Authentication#ACR_PASSWORD} or {@link Authentication#ACR_FACTOR}; null for any
     */
    static GatehouseException insufficient(@Nullable Duration maxAge, @Nullable String acr) {
        ObjectNode required = Json.MAPPER.createObjectNode();
        if (maxAge != null) {
            required.put("maxAge", maxAge.toSeconds());
        }
        if (acr != null) {
            required.put("acrValues", acr);
        }
        return GatehouseException.withDetails(ErrorCode.INSUFFICIENT_USER_AUTHENTICATION, required);
    }
}
