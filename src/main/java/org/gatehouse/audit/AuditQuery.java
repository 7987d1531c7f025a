package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.PageRequest;
import org.gatehouse.http.TimePosition;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * A query for one page of audit entries.
 *
 * @param limit the maximum number of entries
 * @param user the actor or the affected user; null for all users
 * @param type the type of the events; null for all types
 * @param after the position of the last entry of the previous page; null for the first page
 */
record AuditQuery(
        int limit,
        @Nullable UserId user,
        @Nullable AuditType type,
        @Nullable TimePosition after) {
    /** Returns the cursor of an entry. */
    static String cursor(ObjectNode entry) {
        Instant at = Instant.parse(entry.path(AuditDocument.AT).textValue());
        return new TimePosition(at, entry.path(AuditDocument.ID).textValue()).cursor();
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
            errors.add("user", "must be the id of a user or a service, 24 hexadecimal digits");
        }
        AuditType known = Optional.ofNullable(type).flatMap(AuditType::parse).orElse(null);
        if (type != null && known == null) {
            errors.add("type", "must be one of " + List.of(AuditType.values()));
        }
        PageRequest page = PageRequest.parse(limit, after, errors);
        TimePosition position = page.position(cursor -> TimePosition.parse(cursor, AuditDocument::isId), errors)
                .orElse(null);
        errors.throwIfAny();
        return new AuditQuery(page.limit(), userId, known, position);
    }
}
