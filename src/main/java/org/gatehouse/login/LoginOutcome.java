package org.gatehouse.login;

import java.util.Locale;

/**
 * The outcomes of a login. Clients do not learn why a login failed; the audit log and the metrics
 * show it. These contain the names, so a name never changes.
 */
enum LoginOutcome {
    SUCCEEDED,
    WRONG_PASSWORD,
    UNKNOWN_USER,
    DISABLED,
    /** Rejected before the password was checked. */
    THROTTLED,
    /** Not checked, because the hashing queue was full. */
    BUSY,
    /** Not checked, because the store was unavailable. */
    UNAVAILABLE;

    /** The name in the audit log. */
    String text() {
        return name().replace('_', ' ').toLowerCase(Locale.ROOT);
    }
}
