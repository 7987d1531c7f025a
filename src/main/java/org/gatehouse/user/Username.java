package org.gatehouse.user;

import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A name to log in with, shown as typed and unique in its folded form.
 *
 * @param typed as its owner wrote it, without blanks at the ends
 * @param key the PRECIS {@code UsernameCaseMapped} form (RFC 8265, section 3.3), with letters that differ only in case
 *     made one; two names with the same key are one
 */
public record Username(String typed, String key) {
    static final int MIN_LENGTH = 2;

    /** In code points of the key; so many octets has the longest address of mail (RFC 5321, section 4.5.3.1.3). */
    static final int MAX_LENGTH = 254;

    /** In chars: four code points may become one by normalization, and each has two chars at most. */
    private static final int MAX_TYPED_LENGTH = 8 * MAX_LENGTH;

    private static final UsernameProfile PROFILE = new UsernameProfile();

    private static final int DOTLESS_I = 0x0131;
    private static final char SIGMA = '\u03c3';
    private static final char FINAL_SIGMA = '\u03c2';

    /**
     * Finds keys that are not folded as now: older versions folded by lower case alone, which leaves two small letters of
     * one capital apart, and writes a capital sigma as the one or the other.
     */
    public static final Pattern NOT_FOLDED =
            Pattern.compile("[\u00b5\u017f\u0345\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1c80-\u1c88\u1e9b\u1fbe]"
                    + "|\u03c2(?=[\\p{L}\\p{M}])|(?<![\\p{L}\\p{M}])\u03c2"
                    + "|(?<=[\\p{L}\\p{M}])\u03c3(?![\\p{L}\\p{M}])");

    /** The name in a caller's text; empty when the profile forbids it or its length is out of bounds. */
    public static Optional<Username> parse(String typed) {
        if (typed.length() > MAX_TYPED_LENGTH || !CustomFields.isPlainText(typed)) {
            return Optional.empty();
        }
        String stripped = strip(typed);
        try {
            String key = fold(PROFILE.enforce(stripped).codePoints());
            int length = key.codePointCount(0, key.length());
            return length >= MIN_LENGTH && length <= MAX_LENGTH
                    ? Optional.of(new Username(stripped, key))
                    : Optional.empty();
        } catch (IllegalArgumentException forbidden) {
            return Optional.empty();
        }
    }

    /**
     * A name as it is stored: also names that the original service let its users take, and, unlike new ones, with blanks
     * or signs of any kind. Empty if no user can have such a name.
     */
    public static Optional<Username> fold(String typed) {
        return mapped(typed).map(key -> new Username(typed, refold(key)));
    }

    /**
     * The keys that the user may have who types this name at a login, the first first: the name exactly as an older version
     * folded it, because a key may be of that version and users of the original service may have blanks at the ends; and
     * the name as it is folded now, with and without them.
     */
    static List<String> keys(String typed) {
        Set<String> keys = new LinkedHashSet<>();
        mapped(typed).ifPresent(key -> {
            keys.add(key);
            keys.add(refold(key));
        });
        foldStripped(typed).map(Username::key).ifPresent(keys::add);
        return List.copyOf(keys);
    }

    /** The same as {@link #fold}, of the name without blanks at the ends. */
    public static Optional<Username> foldStripped(String typed) {
        return typed.length() > MAX_TYPED_LENGTH ? Optional.empty() : fold(strip(typed));
    }

    /** The key as it is folded now, of one that an older version folded. */
    static String refold(String key) {
        return fold(key.codePoints());
    }

    /** Without the blanks at the ends that come along when a name is copied: every kind of space, tabs, line ends. */
    static String strip(String text) {
        int begin = 0;
        int end = text.length();
        while (begin < end && isBlank(text.charAt(begin))) {
            begin++;
        }
        while (begin < end && isBlank(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** All characters with the property White_Space are in the basic plane. */
    private static boolean isBlank(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /** As older versions folded; empty if no user can have such a name. */
    private static Optional<String> mapped(String typed) {
        if (typed.isBlank() || typed.length() > MAX_TYPED_LENGTH || !CustomFields.isPlainText(typed)) {
            return Optional.empty();
        }
        String key;
        try {
            key = PROFILE.enforce(typed);
        } catch (IllegalArgumentException unlikeNewOnes) {
            key = Normalizer.normalize(typed, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        }
        // A longer key would not fit into an index of an older MongoDB.
        return key.codePoints().noneMatch(Character::isISOControl) && key.codePointCount(0, key.length()) <= MAX_LENGTH
                ? Optional.of(key)
                : Optional.empty();
    }

    /**
     * Makes one of the letters that have one capital, and writes sigma by its place in the word, as people do: most names
     * then have the key that older versions gave them. What follows a sigma decides, but only the next code point, so all
     * but the last sigma of a prefix is written as in the whole name.
     */
    private static String fold(IntStream mapped) {
        int[] letters = mapped.map(Username::foldCase).toArray();
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < letters.length; i++) {
            boolean ends = letters[i] == SIGMA
                    && i > 0
                    && isInWord(letters[i - 1])
                    && (i + 1 == letters.length || !isInWord(letters[i + 1]));
            key.appendCodePoint(ends ? FINAL_SIGMA : letters[i]);
        }
        return key.toString();
    }

    /** The dotless i is a letter of its own (Unicode, CaseFolding.txt), although its capital is that of i. */
    private static int foldCase(int codePoint) {
        return codePoint == DOTLESS_I ? codePoint : Character.toLowerCase(Character.toUpperCase(codePoint));
    }

    private static boolean isInWord(int codePoint) {
        int type = Character.getType(codePoint);
        return Character.isLetter(codePoint)
                || type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
    }
}
