package org.gatehouse.http;

import java.util.Optional;
import java.util.function.Function;
import org.gatehouse.error.FieldErrors;
import org.jspecify.annotations.Nullable;

/**
 * What a URL says about which part of a list is wanted; the same two parameters for every list.
 *
 * @param limit how many entries at most, from 1 to {@link #MAX_LIMIT}
 * @param after the cursor of the entry before the first one wanted, not yet believed; empty for the start of the list
 */
public record PageRequest(int limit, Optional<String> after) {
    public static final int DEFAULT_LIMIT = 50;

    /** Of users with all the fields they may have, this is an answer of some 16 MB. */
    public static final int MAX_LIMIT = 1_000;

    /** Reads the parameters of a URL, null where one is absent; complains of a {@code limit} that is none. */
    public static PageRequest parse(@Nullable String limit, @Nullable String after, FieldErrors errors) {
        return new PageRequest(number(limit, errors), Optional.ofNullable(after));
    }

    /**
     * The place that {@code after} names; complains of one that names none.
     *
     * @param parser reads a cursor; empty when it is not one of this list
     */
    public <P> Optional<P> place(Function<String, Optional<P>> parser, FieldErrors errors) {
        Optional<P> place = after.flatMap(parser);
        if (after.isPresent() && place.isEmpty()) {
            errors.add("after", "is not a cursor of this list; take it from the Link of the page before");
        }
        return place;
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
