package org.gatehouse.json;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.config.EditDistance;
import org.gatehouse.error.FieldErrors;

/** Reports names that a call does not accept, and suggests a similar name that the call accepts. */
public final class KnownNames {
    /** Longer names are not compared, because this would cost the server more than the request costs the caller. */
    private static final int MAX_LENGTH = 64;

    private static final Pattern SEPARATORS = Pattern.compile("[_\\-\\[\\]]");

    private KnownNames() {}

    /**
     * Adds an error for an unknown name, with the most similar known name if one is similar.
     *
     * @param kind the kind of name, such as "query parameter"
     */
    public static void addUnknown(String name, String kind, Collection<String> known, FieldErrors errors) {
        // The suggestion is expensive, so it is computed only if the error is added.
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

    /** Returns the most similar known name that differs only in case, separators or a few letters, or empty. */
    static Optional<String> nearest(String name, Collection<String> known) {
        return known.stream()
                .filter(other -> distance(name, other) <= tolerance(other))
                .min(Comparator.comparingInt(other -> distance(name, other)));
    }

    /** Returns how many letters may differ: a third of the known name, and at least one. */
    public static int tolerance(String known) {
        return Math.max(1, known.length() / 3);
    }

    /** Returns the {@link EditDistance} of two names. Case and separators between words are ignored. */
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
