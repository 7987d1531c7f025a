package org.gatehouse.audit;

/** Why a login failed: what the caller is not told, and an administrator may read. */
public enum LoginFailure {
    WRONG_PASSWORD("wrong password"),
    UNKNOWN_USER("unknown user"),
    DISABLED("disabled"),
    /** Refused before the password was looked at. */
    THROTTLED("throttled");

    private final String text;

    LoginFailure(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
