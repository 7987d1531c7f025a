package org.gatehouse.user;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.gatehouse.auth.UserId;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.IsoTime;
import org.gatehouse.http.PageRequest;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list of users: how many, in which order, and after which place.
 *
 * <p>The order is total (equal times are told apart by id) and a place in it is a value, not a count, so users that come
 * or go meanwhile neither shift nor hide others.
 */
public record UserQuery(int limit, Sort sort, Optional<Place> after) {
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
        static Place of(ListedUser listed, Sort sort) {
            User user = listed.user();
            return new Place(sort, sort.byTime() ? IsoTime.format(user.createdAt()) : listed.key(), user.id());
        }

        Instant time() {
            return Instant.parse(value);
        }

        /** The place as callers pass it on; what is inside is nobody's business but ours. */
        String cursor() {
            return Cursor.of(sort.text(), value, id.hex());
        }

        static Optional<Place> parse(String cursor) {
            return Cursor.parse(cursor, 3).flatMap(Place::read);
        }

        private static Optional<Place> read(List<String> parts) {
            String value = parts.get(1);
            if (!OwnFields.isPlainText(value)) {
                return Optional.empty();
            }
            try {
                Place place = new Place(
                        Sort.parse(parts.get(0)).orElseThrow(),
                        value,
                        UserId.parse(parts.get(2)).orElseThrow());
                if (place.sort().byTime()) {
                    var unused = place.time().toEpochMilli();
                }
                return Optional.of(place);
            } catch (DateTimeException | ArithmeticException | NoSuchElementException foreign) {
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
        PageRequest page = PageRequest.parse(limit, after, errors);
        Optional<Place> place = page.place(
                cursor -> Place.parse(cursor).filter(known -> order.equals(Optional.of(known.sort()))), errors);
        errors.throwIfAny();
        return new UserQuery(page.limit(), order.orElse(Sort.CREATED_AT), place);
    }

    /** The same query for one more user than a page holds, which tells whether there is another page. */
    UserQuery withOneMore() {
        return new UserQuery(limit + 1, sort, after);
    }
}
