package org.gatehouse.config;

import java.util.List;

/** Thrown if the settings are missing or invalid; the message lists all problems. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param problems one sentence for each missing or invalid setting, without the values of secrets */
    public SettingsException(List<String> problems) {
        // No stack trace, because it does not help the operator, who only needs the message.
        super(
                "Gatehouse cannot start. Settings to correct:\n  - " + String.join("\n  - ", problems),
                null,
                false,
                false);
    }
}
