package org.gatehouse.config;

import java.util.List;

/** Thrown if settings are missing or invalid. The message lists all problems. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** @param problems one sentence for each missing or invalid setting, without the values of secrets */
    public SettingsException(List<String> problems) {
        // The exception does not have a stack trace, because the operator needs only the message.
        super(
                "Gatehouse cannot start. Settings to correct:\n  - " + String.join("\n  - ", problems),
                null,
                false,
                false);
    }
}
