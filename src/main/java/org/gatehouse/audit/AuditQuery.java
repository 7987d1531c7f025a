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
 * A query for one page of audit entries.
 *
 * @param limit the maximum number of entries
 * @param user the actor or the affected user; null for all
 * @param type the type of the events; null for all
 * @param after the position of the last entry of the previous page; null for the first page
 */
record AuditQuery(
        int limit,
        @Nullable UserId user,
        @Nullable AuditType type,
        @Nullable Position after) {
    /** The position at which a page ended: the time of its last entry, and its id, because times may be equal. */
    record Position(Instant at, String id) {
        /** Returns the cursor of an entry. */
        static String cursor(ObjectNode entry) {
            return Cursor.of(
                    entry.path(AuditDocument.AT).textValue(),
                    entry.path(AuditDocument.ID).textValue());
        }

        static Optional<Position> parse(String cursor) {
            return Cursor.parse(cursor, 2).flatMap(Position::read);
        }

        private static Optional<Position> read(List<String> parts) {
            try {
                Instant at = Instant.parse(parts.get(0));
                var unused = at.toEpochMilli(); // throws if the store cannot represent the time
                return Optional.of(parts.get(1)).filter(AuditDocument::isId).map(id -> new Position(at, id));
            } catch (DateTimeException | ArithmeticException foreign) {
                return Optional.empty();
            }
        }
    }

    /**
     * Parses the query parameters of a URL.
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
        Position position = page.position(Position::parse, errors).orElse(null);
        errors.throwIfAny();
        return new AuditQuery(page.limit(), userId, known, position);
    }
}
