package org.gatehouse.login;

import java.util.Optional;
import org.gatehouse.audit.LoginFailure;
import org.gatehouse.error.ErrorCode;

/** How an attempt to log in ended. */
public enum LoginOutcome {
    SUCCEEDED,
    WRONG_PASSWORD,
    UNKNOWN_USER,
    DISABLED,
    THROTTLED,
    /** Not checked, for too many others were to be. */
    BUSY,
    /** Not checked, for the store was away. */
    UNAVAILABLE;

    static LoginOutcome of(LoginFailure failure) {
        return switch (failure) {
            case WRONG_PASSWORD -> WRONG_PASSWORD;
            case UNKNOWN_USER -> UNKNOWN_USER;
            case DISABLED -> DISABLED;
            case THROTTLED -> THROTTLED;
        };
    }

    /** Why it could not be checked; empty when it was. */
    static Optional<LoginOutcome> ofUnchecked(ErrorCode code) {
        return switch (code) {
            case BUSY -> Optional.of(BUSY);
            case STORE_UNAVAILABLE -> Optional.of(UNAVAILABLE);
            default -> Optional.empty();
        };
    }
}
