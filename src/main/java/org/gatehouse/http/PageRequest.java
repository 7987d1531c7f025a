package org.gatehouse.http;

import java.util.Optional;
import java.util.function.Function;
import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/**
 * The page that a URL requests from a list. All lists have the same two parameters.
 *
 * @param limit the maximum number of entries, from 1 to {@link #MAX_LIMIT}
 * @param after the cursor of the previous page's last entry, not yet validated; null for the first page
 */
public record PageRequest(int limit, @Nullable String after) {
    public static final int DEFAULT_LIMIT = 50;

    /** A response with this number of users is about 16 MB if each user has custom fields of the maximum size. */
    public static final int MAX_LIMIT = 1_000;

    /** Reads the parameters of a URL. An absent parameter is null. Adds an error if {@code limit} is invalid. */
    public static PageRequest parse(@Nullable String limit, @Nullable String after, FieldErrors errors) {
        return new PageRequest(number(limit, errors), after);
    }

    /**
     * Returns the position that {@code after} names; empty for the first page. Adds an error if the cursor is invalid.
     *
     * @param parser reads a cursor, and returns empty if the cursor does not belong to this list
     */
    public <P> Optional<P> position(Function<String, Optional<P>> parser, FieldErrors errors) {
        if (after == null) {
            return Optional.empty();
        }
        Optional<P> position = parser.apply(after);
        if (position.isEmpty()) {
            errors.add("after", "is not a cursor of this list; take it from the Link header of the previous page");
        }
        return position;
    }

    private static int number(@Nullable String limit, FieldErrors errors) {
        if (limit == null) {
            return DEFAULT_LIMIT;
        }
        if (limit.matches("[1-9][0-9]{0,3}") && Integer.parseInt(limit) <= MAX_LIMIT) {
            return Integer.parseInt(limit);
        }
        errors.add("limit", "must be a whole number from 1 to " + MAX_LIMIT);
        return DEFAULT_LIMIT;
    }
}
