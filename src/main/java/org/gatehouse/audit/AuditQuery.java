package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.PageRequest;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * Which entries are wanted.
 *
 * @param user the actor or the user it was done to
 * @param after the place of the entry before, which is newer
 */
record AuditQuery(
        int limit,
        @Nullable UserId user,
        @Nullable AuditType type,
        @Nullable Place after) {
    /** Where a page ended: the time of the last entry, and its id, which tells equal times apart. */
    record Place(Instant at, String id) {
        /** The cursor of an entry. */
        static String cursor(ObjectNode entry) {
            return Cursor.of(
                    entry.path(AuditDocument.AT).textValue(),
                    entry.path(AuditDocument.ID).textValue());
        }

        static Optional<Place> parse(String cursor) {
            return Cursor.parse(cursor, 2).flatMap(Place::read);
        }

        private static Optional<Place> read(List<String> parts) {
            try {
                Instant at = Instant.parse(parts.get(0));
                var unused = at.toEpochMilli(); // what the store can compare
                return Optional.of(parts.get(1)).filter(AuditDocument::isId).map(id -> new Place(at, id));
            } catch (DateTimeException | ArithmeticException foreign) {
                return Optional.empty();
            }
        }
    }

    /**
     * The query that a URL's parameters ask for.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED}
     */
    static AuditQuery parse(
            @Nullable String limit, @Nullable String after, @Nullable String user, @Nullable String type) {
        FieldErrors errors = new FieldErrors();
        UserId userId = Optional.ofNullable(user).flatMap(UserId::parse).orElse(null);
        if (user != null && userId == null) {
            errors.add("user", "must be the id of a user, 24 hexadecimal digits");
        }
        AuditType known = Optional.ofNullable(type).flatMap(AuditType::parse).orElse(null);
        if (type != null && known == null) {
            errors.add("type", "must be one of " + List.of(AuditType.values()));
        }
        PageRequest page = PageRequest.parse(limit, after, errors);
        Place place = page.place(Place::parse, errors).orElse(null);
        errors.throwIfAny();
        return new AuditQuery(page.limit(), userId, known, place);
    }
}
