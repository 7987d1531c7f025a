package org.gatehouse.audit;

/** How a login ended. The client is not told why it failed; administrators read it in the audit log and the metrics. */
public enum LoginOutcome {
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
