package org.gatehouse.user;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.gatehouse.auth.UserId;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.IsoTime;
import org.gatehouse.http.Json;
import org.gatehouse.http.Validation;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list of users: how many, in which order, and after which place.
 *
 * <p>The order is total (equal times are told apart by id) and a place in it is a value, not a count, so users that come
 * or go meanwhile neither shift nor hide others.
 */
public record UserQuery(
        @Min(value = 1, message = "must be at least 1") @Max(value = MAX_LIMIT, message = "must be at most 1000")
        int limit,

        Sort sort,
        Optional<Place> after) {
    static final int DEFAULT_LIMIT = 50;
    static final int MAX_LIMIT = 1_000;

    /** The orders a caller may ask for, by their name in the URL. */
    enum Sort {
        CREATED_AT("createdAt"),
        CREATED_AT_DESCENDING("-createdAt"),
        USERNAME("username"),
        USERNAME_DESCENDING("-username");

        private final String text;

        Sort(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }

        boolean ascending() {
            return !text.startsWith("-");
        }

        boolean byTime() {
            return this == CREATED_AT || this == CREATED_AT_DESCENDING;
        }

        static Optional<Sort> parse(String text) {
            for (Sort sort : values()) {
                if (sort.text.equals(text)) {
                    return Optional.of(sort);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Where a page ended: the value the list is sorted by, and the id of the user that had it.
     *
     * @param value a time in ISO-8601, or the folded form of a username
     */
    record Place(Sort sort, String value, UserId id) {
        static Place of(User user, Sort sort) {
            String value = sort.byTime()
                    ? IsoTime.format(user.createdAt())
                    : Username.parse(user.username()).map(Username::key).orElse(user.username());
            return new Place(sort, value, user.id());
        }

        Instant time() {
            return Instant.parse(value);
        }

        /** The place as callers pass it on; what is inside is nobody's business but ours. */
        String cursor() {
            ArrayNode parts = Json.MAPPER.createArrayNode();
            parts.add(sort.text()).add(value).add(id.hex());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Json.write(parts));
        }

        static Optional<Place> parse(String cursor) {
            try {
                JsonNode parts = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(cursor));
                Sort sort = Sort.parse(parts.path(0).asText()).orElseThrow();
                JsonNode value = parts.path(1);
                UserId id = UserId.parse(parts.path(2).asText()).orElseThrow();
                if (parts.size() != 3 || !value.isTextual() || !OwnFields.isPlainText(value.textValue())) {
                    return Optional.empty();
                }
                Place place = new Place(sort, value.textValue(), id);
                if (sort.byTime()) {
                    var unused = place.time().toEpochMilli();
                }
                return Optional.of(place);
            } catch (IOException
                    | DateTimeException
                    | ArithmeticException
                    | IllegalArgumentException
                    | NoSuchElementException foreign) {
                return Optional.empty();
            }
        }
    }

    /**
     * The query that a URL's parameters ask for.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED}
     */
    static UserQuery parse(@Nullable String limit, @Nullable String sort, @Nullable String after) {
        FieldErrors errors = new FieldErrors();
        Optional<Sort> order = sort == null ? Optional.of(Sort.CREATED_AT) : Sort.parse(sort);
        if (order.isEmpty()) {
            errors.add("sort", "must be createdAt, -createdAt, username or -username");
        }
        Optional<Place> place = after == null ? Optional.empty() : Place.parse(after);
        if (after != null && (place.isEmpty() || !place.map(Place::sort).equals(order))) {
            errors.add("after", "is not a cursor of this list; take it from the Link of the page before");
        }
        UserQuery query = new UserQuery(number(limit, errors), order.orElse(Sort.CREATED_AT), place);
        Validation.check(query, errors);
        errors.throwIfAny();
        return query;
    }

    /** The same query for one more user than a page holds, which tells whether there is another page. */
    UserQuery withOneMore() {
        return new UserQuery(limit + 1, sort, after);
    }

    private static int number(@Nullable String limit, FieldErrors errors) {
        try {
            return limit == null ? DEFAULT_LIMIT : Integer.parseInt(limit);
        } catch (NumberFormatException notANumber) {
            errors.add("limit", "must be a whole number from 1 to " + MAX_LIMIT);
            return DEFAULT_LIMIT;
        }
    }
}
