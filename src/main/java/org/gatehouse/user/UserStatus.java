package org.gatehouse.user;

import java.util.Locale;
import java.util.Optional;

/** Whether a user may log in. */
public enum UserStatus {
    ACTIVE,
    DISABLED;

    /** Parses the name of a status in the API; empty if it is unknown. */
    public static Optional<UserStatus> parse(String text) {
        for (UserStatus status : values()) {
            if (status.text().equals(text)) {
                return Optional.of(status);
            }
        }
        return Optional.empty();
    }

    /** Returns the name in JSON and in the store. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
