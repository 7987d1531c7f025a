package org.gatehouse.user;

/** An event of a second factor about which the user gets a notice. */
public enum FactorEvent {
    /** The user has enrolled a factor. */
    ADDED("added"),
    /** The user has removed a factor. */
    REMOVED("removed"),
    /** An administrator has removed a factor of the user. */
    REMOVED_BY_ADMINISTRATOR("administrator"),
    /** A recovery code was consumed. */
    RECOVERY_CODE_USED("recovery"),
    /** The user has replaced all recovery codes. */
    RECOVERY_CODES_REPLACED("codes"),
    /** The signature counter of a passkey has decreased, so a copy of the passkey may exist. */
    COUNTER_DECREASED("counter");

    private final String text;

    FactorEvent(String text) {
        this.text = text;
    }

    /** Returns the name in stored mails and in the texts of mails. */
    public String text() {
        return text;
    }
}
