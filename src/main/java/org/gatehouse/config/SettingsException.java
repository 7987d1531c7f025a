package org.gatehouse.config;

import java.util.List;

/** Thrown when the application cannot start with the settings it was given; the message lists everything at once. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param problems one sentence for each setting that is missing or wrong; never a secret's value */
    public SettingsException(List<String> problems) {
        // No stack trace: the reader is the person who sets the settings, and the sentence is all there is to know.
        super("Gatehouse cannot start. Settings to mend:\n  - " + String.join("\n  - ", problems), null, false, false);
    }
}
