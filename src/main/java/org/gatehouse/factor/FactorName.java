package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.json.JsonFields;
import org.jspecify.annotations.Nullable;

/**
 * Reads the name that a user gives a factor: 1 to {@value #MAX} characters, at least one of them visible, and none of them
 * a control character.
 */
final class FactorName {
    static final String FIELD = "name";

    /** Counted in code points. */
    static final int MAX = 64;

    static final String VIOLATION =
            "must have 1 to " + MAX + " characters, at least one visible, and none of them a control character";

    /** The fillers of Hangul and the empty pattern of Braille, which Unicode does not classify as spaces. */
    private static final String INVISIBLE = "\u115F\u1160\u3164\uFFA0\u2800";

    private FactorName() {}

    /**
     * Reads an optional name.
     *
     * @return the name without white space at its ends; null if it is absent or invalid
     */
    static @Nullable String read(ObjectNode body, FieldErrors errors) {
        String text = JsonFields.text(body, FIELD, errors);
        if (text == null) {
            return null;
        }
        String name = text.strip();
        boolean valid = name.codePoints().anyMatch(FactorName::isVisible)
                && name.codePointCount(0, name.length()) <= MAX
                && name.codePoints()
                        .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
        if (!valid) {
            errors.add(FIELD, VIOLATION);
        }
        return valid ? name : null;
    }

    private static boolean isVisible(int c) {
        return !Character.isWhitespace(c)
                && !Character.isSpaceChar(c)
                && INVISIBLE.indexOf(c) < 0
                && Character.getType(c) != Character.FORMAT
                && Character.getType(c) != Character.NON_SPACING_MARK
                && Character.getType(c) != Character.UNASSIGNED;
    }

    /** Reads a required name. Returns an empty text after an error. */
    static String require(ObjectNode body, FieldErrors errors) {
        String name = read(body, errors);
        if (name == null && !errors.hasErrorFor(FIELD)) {
            errors.add(FIELD, "is required and must be a string");
        }
        return name == null ? "" : name;
    }
}
