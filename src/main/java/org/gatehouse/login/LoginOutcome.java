package org.gatehouse.login;

/** The outcomes of a login. Clients do not learn why a login failed; the audit log and the metrics show it. */
enum LoginOutcome {
    SUCCEEDED("succeeded"),
    WRONG_PASSWORD("wrong password"),
    UNKNOWN_USER("unknown user"),
    DISABLED("disabled"),
    /** Rejected before the password was checked. */
    THROTTLED("throttled"),
    /** Not checked, because the hashing queue was full. */
    BUSY("busy"),
    /** Not checked, because the store was unavailable. */
    UNAVAILABLE("unavailable");

    private final String text;

    LoginOutcome(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
