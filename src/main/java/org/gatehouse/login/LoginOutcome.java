package org.gatehouse.login;

import java.util.Locale;

/**
 * The outcomes of a login. The response does not show why a login failed, but the audit log and the metrics do. Both
 * contain the names of these constants, so a name never changes.
 */
enum LoginOutcome {
    SUCCEEDED,
    /** The password was correct, and the user must send a code or use a passkey. */
    FACTOR_REQUIRED,
    WRONG_PASSWORD,
    UNKNOWN_USER,
    DISABLED,
    /** The password and the factor were right, but the user is leaving and did not ask to keep the account. */
    LEAVING,
    /** Rejected before the password was checked. */
    THROTTLED,
    /** Not checked, because the hashing queue was full. */
    BUSY,
    /** Not checked, because the store was unavailable. */
    UNAVAILABLE;

    /** Returns the name in the audit log. */
    String text() {
        return name().replace('_', ' ').toLowerCase(Locale.ROOT);
    }
}
