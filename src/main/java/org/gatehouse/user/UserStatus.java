package org.gatehouse.user;

import java.util.Locale;
import java.util.Optional;

/** Whether a user may log in. */
public enum UserStatus {
    ACTIVE,
    DISABLED;

    /** The status of this name, as the API writes it; empty when there is none. */
    public static Optional<UserStatus> parse(String text) {
        for (UserStatus status : values()) {
            if (status.text().equals(text)) {
                return Optional.of(status);
            }
        }
        return Optional.empty();
    }

    /** The name in JSON and in the store. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
