package org.gatehouse.audit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.PageRequest;
import org.gatehouse.http.TimePosition;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.jspecify.annotations.Nullable;

/**
 * A query for one page of audit entries.
 *
 * @param limit the maximum number of entries
 * @param user the actor or the affected user; null for all users
 * @param types the types of the events; empty for all types
 * @param since the earliest time of an entry; null without a limit
 * @param until the time before which entries are returned; null without a limit
 * @param after the position of the last entry of the previous page; null for the first page
 */
record AuditQuery(
        int limit,
        @Nullable UserId user,
        Set<AuditType> types,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable TimePosition after) {
    AuditQuery {
        types = Set.copyOf(types);
    }

    /** The query parameters of a URL, as sent; null for an absent parameter. */
    record Parameters(
            @Nullable String limit,
            @Nullable String after,
            @Nullable String user,
            @Nullable String type,
            @Nullable String since,
            @Nullable String until) {}

    /** Returns the query for the latest entries of a user. */
    static AuditQuery latest(UserId user, Set<AuditType> types, int limit, @Nullable Instant since) {
        return new AuditQuery(limit, user, types, since, null, null);
    }

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
    static AuditQuery parse(Parameters parameters) {
        FieldErrors errors = new FieldErrors();
        String user = parameters.user();
        UserId userId = Optional.ofNullable(user).flatMap(UserId::parse).orElse(null);
        if (user != null && userId == null) {
            errors.add("user", "must be the id of a user or a service, 24 hexadecimal digits");
        }
        Set<AuditType> types = types(parameters.type(), errors);
        Instant since = time("since", parameters.since(), errors);
        Instant until = time("until", parameters.until(), errors);
        PageRequest page = PageRequest.parse(parameters.limit(), parameters.after(), errors);
        TimePosition position = page.position(cursor -> TimePosition.parse(cursor, AuditDocument::isId), errors)
                .orElse(null);
        errors.throwIfAny();
        return new AuditQuery(page.limit(), userId, types, since, until, position);
    }

    /** Reads one type, or several that are separated by commas. */
    private static Set<AuditType> types(@Nullable String text, FieldErrors errors) {
        Set<AuditType> types = EnumSet.noneOf(AuditType.class);
        if (text == null) {
            return types;
        }
        for (String name : text.split(",", -1)) {
            Optional<AuditType> known = AuditType.parse(name);
            if (known.isEmpty()) {
                errors.add("type", "must be one or several, separated by commas, of " + List.of(AuditType.values()));
                return types;
            }
            types.add(known.get());
        }
        return types;
    }

    private static @Nullable Instant time(String name, @Nullable String text, FieldErrors errors) {
        if (text == null) {
            return null;
        }
        Optional<Instant> time = IsoTime.parse(TextNode.valueOf(text));
        if (time.isEmpty()) {
            errors.add(name, "must be a time such as 2026-11-23T10:00:00Z");
        }
        return time.orElse(null);
    }
}
