package org.gatehouse.user;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Whether a user may log in. */
public enum UserStatus {
    ACTIVE,
    DISABLED;

    /** Parses the name of a status in the API; returns empty if the name is unknown. */
    public static Optional<UserStatus> parse(String text) {
        return Arrays.stream(values())
                .filter(status -> status.text().equals(text))
                .findFirst();
    }

    /** Returns the name in JSON and in the store. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
