package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The custom fields {@link UserJson#NEWLY_RESERVED}, which Gatehouse 0.1.0 allowed. Their values are from clients, so they
 * are never trusted. This version shows {@code emailVerified} as {@code original_emailVerified}, for example.
 *
 * <p>The stored field keeps its name until {@code original_emailVerified} changes. Therefore no document is rewritten,
 * cached copies stay valid, and nodes of 0.1.0 still find the field.
 */
final class NewlyReserved {
    private NewlyReserved() {}

    /** Renames the field in the custom fields of a document. A name that differs only in case is the same field. */
    static void rename(ObjectNode fields) {
        List<String> names = fields.properties().stream()
                .map(Map.Entry::getKey)
                .filter(NewlyReserved::isReserved)
                .toList();
        for (String name : names) {
            JsonNode value = fields.remove(name);
            if (!fields.has(UserDocument.ORIGINAL + name)) {
                fields.set(UserDocument.ORIGINAL + name, value);
            }
        }
    }

    /** Returns the stored name of a field that {@link #rename} may have renamed; empty for other fields. */
    static Optional<String> storedName(String name) {
        return name.startsWith(UserDocument.ORIGINAL)
                ? Optional.of(name.substring(UserDocument.ORIGINAL.length())).filter(NewlyReserved::isReserved)
                : Optional.empty();
    }

    private static boolean isReserved(String name) {
        return UserJson.reservedName(name)
                .filter(UserJson.NEWLY_RESERVED::contains)
                .isPresent();
    }
}
