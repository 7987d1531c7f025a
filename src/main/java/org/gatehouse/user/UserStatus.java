package org.gatehouse.user;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Whether a user may log in. */
public enum UserStatus {
    ACTIVE,
    DISABLED,
    /** The user has deleted the account, and can still undo this. The store contains {@code disabled}. */
    LEAVING;

    /** Parses the name of a status that a caller can set; returns empty for other names. */
    public static Optional<UserStatus> parse(String text) {
        return Arrays.stream(values())
                .filter(status -> status != LEAVING && status.text().equals(text))
                .findFirst();
    }

    /** Returns the name in the store. A node of an earlier version therefore treats a leaving user as disabled. */
    String stored() {
        return this == LEAVING ? DISABLED.text() : text();
    }

    /** Returns the name in JSON. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
