package org.gatehouse.user;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.PageRequest;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.jspecify.annotations.Nullable;

/**
 * A query for one page of a list of users: size, order, filter, and the position after which the page begins.
 *
 * <p>The order is total, because the id orders users with equal times. A position is a sort key, not an offset, so
 * users that are created or deleted meanwhile do not shift the next page.
 */
record UserQuery(
        int limit, Sort sort, UserFilter filter, @Nullable Position after) {
    private static final char SEPARATOR = '\n';

    /** The orders that a caller may choose, by their name in the URL. */
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
            return Arrays.stream(values())
                    .filter(sort -> sort.text.equals(text))
                    .findFirst();
        }
    }

    /**
     * The position where a page ended: the sort key and the id of the last user on the page.
     *
     * @param filter the {@link UserFilter#text} of the list, because the position is meaningless in a list with another
     *     filter
     * @param value a time in ISO-8601, or a folded username
     */
    record Position(Sort sort, String filter, String value, UserId id) {
        Instant time() {
            return Instant.parse(value);
        }

        /** Returns the position as an opaque text that callers send back. */
        String cursor() {
            return Cursor.of(filter.isEmpty() ? sort.text() : sort.text() + SEPARATOR + filter, value, id.hex());
        }

        static Optional<Position> parse(String cursor) {
            return Cursor.parse(cursor, 3).flatMap(Position::read);
        }

        private static Optional<Position> read(List<String> parts) {
            String list = parts.get(0);
            int end = list.indexOf(SEPARATOR);
            String value = parts.get(1);
            if (!CustomFields.isPlainText(value)) {
                return Optional.empty();
            }
            try {
                Position position = new Position(
                        Sort.parse(end < 0 ? list : list.substring(0, end)).orElseThrow(),
                        end < 0 ? "" : list.substring(end + 1),
                        value,
                        UserId.parse(parts.get(2)).orElseThrow());
                if (position.sort().byTime()) {
                    var unused = position.time().toEpochMilli();
                }
                return Optional.of(position);
            } catch (DateTimeException | ArithmeticException | NoSuchElementException foreign) {
                return Optional.empty();
            }
        }
    }

    /**
     * Parses query parameters, which are null if absent. Reports all violations together.
     *
     * @param q the beginning of usernames; requires a sort by username, because an index cannot return a range of names
     *     in the order of times
     * @throws GatehouseException {@code VALIDATION_FAILED}
     */
    static UserQuery parse(
            @Nullable String limit,
            @Nullable String after,
            @Nullable String sort,
            @Nullable String q,
            @Nullable String search,
            @Nullable String role,
            @Nullable String status,
            FieldErrors errors) {
        PageRequest page = PageRequest.parse(limit, after, errors);
        UserFilter filter = UserFilter.parse(q, search, role, status, errors);
        Sort usual = q == null ? Sort.CREATED_AT : Sort.USERNAME;
        Sort order = sort == null ? usual : Sort.parse(sort).orElse(null);
        if (order == null) {
            errors.add("sort", "must be createdAt, -createdAt, username or -username");
        } else if (q != null && order.byTime()) {
            errors.add("sort", "must be username or -username where q is given");
        }
        boolean known = Stream.of("sort", "q", "search", "role", "status").noneMatch(errors::hasErrorFor);
        UserQuery first = new UserQuery(page.limit(), order == null ? usual : order, filter, null);
        // If the other parameters are invalid, the cursor cannot be compared with them.
        Position position = page.position(
                        cursor -> Position.parse(cursor).filter(read -> !known || first.has(read)), errors)
                .orElse(null);
        errors.throwIfAny();
        return new UserQuery(first.limit(), first.sort(), first.filter(), position);
    }

    /** Returns the position of a user in this list. */
    Position position(ListedUser listed) {
        User user = listed.user();
        String value = sort.byTime() ? IsoTime.format(user.createdAt()) : listed.canonicalUsername();
        return new Position(sort, filter.text(), value, user.id());
    }

    /** Returns this query with a limit that is one higher. The additional user shows whether another page follows. */
    UserQuery withOneMore() {
        return new UserQuery(limit + 1, sort, filter, after);
    }

    private boolean has(Position position) {
        return position.sort() == sort && position.filter().equals(filter.text());
    }
}
