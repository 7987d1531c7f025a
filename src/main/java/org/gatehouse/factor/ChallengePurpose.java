package org.gatehouse.factor;

import java.util.Locale;

/** What a challenge permits. A challenge of one purpose is not accepted for another. */
public enum ChallengePurpose {
    /** The second step of a login. */
    LOGIN,
    /** The second step of a step-up in a session. */
    STEP_UP,
    /** The second step of a reset of a password. */
    RESET,
    /** A login with a passkey only. */
    PASSKEY_LOGIN,
    /** The enrolment of a passkey. */
    PASSKEY_ENROLMENT;

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static ChallengePurpose parse(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }
}
