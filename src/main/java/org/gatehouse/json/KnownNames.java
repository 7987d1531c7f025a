package org.gatehouse.json;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.config.EditDistance;
import org.gatehouse.error.FieldErrors;

/** The names that a call accepts, and the error for any other name. */
public final class KnownNames {
    /** A longer name has no neighbor among the known ones, and comparing it would cost the server more than the caller. */
    private static final int MAX_LENGTH = 64;

    private static final Pattern SEPARATORS = Pattern.compile("[_\\-\\[\\]]");

    private KnownNames() {}

    /**
     * Adds the error for an unknown name, with the known name that it resembles, if any.
     *
     * @param kind what the name stands for, such as "query parameter"
     */
    public static void addUnknown(String name, String kind, Collection<String> known, FieldErrors errors) {
        // A suggestion costs more than the rest, and a full list shows none.
        if (!errors.isFull() && !errors.hasErrorFor(name)) {
            String suggestion = nearest(name, known)
                    .map(similar -> "; did you mean " + similar + "?")
                    .orElse("");
            errors.add(name, "is not a " + kind + " of this call" + suggestion);
        }
        errors.hint(
                known.isEmpty()
                        ? "This call has no " + kind + "s."
                        : "This call has the " + kind + "s " + String.join(", ", known) + ".");
    }

    /** The known name that a name resembles: the same in another case or style, or with a few letters changed. */
    static Optional<String> nearest(String name, Collection<String> known) {
        return known.stream()
                .filter(other -> distance(name, other) <= tolerance(other))
                .min(Comparator.comparingInt(other -> distance(name, other)));
    }

    /** How many letters may differ: a third of the known name, and at least one. */
    public static int tolerance(String known) {
        return Math.max(1, known.length() / 3);
    }

    /** The {@link EditDistance} of two names, regardless of case and of separators between words. */
    public static int distance(String name, String known) {
        if (name.length() > MAX_LENGTH) {
            return Integer.MAX_VALUE;
        }
        return EditDistance.between(letters(name), letters(known));
    }

    private static String letters(String name) {
        return SEPARATORS.matcher(name.toLowerCase(Locale.ROOT)).replaceAll("");
    }
}
