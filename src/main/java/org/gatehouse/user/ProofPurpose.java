package org.gatehouse.user;

import java.util.Locale;

/** What the proof in a mail is for. A proof serves one purpose only. Links and documents contain the names. */
public enum ProofPurpose {
    /** Sets a new password. */
    RESET,
    /** Verifies the address of an account. */
    VERIFICATION,
    /** Replaces the address of an account by another one. */
    CHANGE,
    /** Restores the address that an account had before a change. */
    UNDO,
    /** Creates an account. */
    INVITATION;

    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
