package org.gatehouse.bulk;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a bulk request does to each user. */
enum BulkAction {
    DISABLE,
    ENABLE,
    END_SESSIONS,
    ADD_ROLE,
    REMOVE_ROLE;

    static Optional<BulkAction> parse(String text) {
        return Arrays.stream(values())
                .filter(action -> action.text().equals(text))
                .findFirst();
    }

    /** Returns all names in the API, for an error message. */
    static String names() {
        return Arrays.stream(values()).map(BulkAction::text).collect(Collectors.joining(", "));
    }

    /** Returns the name in the API, such as {@code end-sessions}. */
    String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean hasRole() {
        return this == ADD_ROLE || this == REMOVE_ROLE;
    }
}
