package org.gatehouse.identity;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A login name. It is displayed as typed. Names with the same canonical form are the same name.
 *
 * @param typed the name as its owner wrote it, without blanks at the ends
 * @param canonical the PRECIS {@code UsernameCaseMapped} form (RFC 8265, section 3.3), in which letters with the same
 *     capital are merged
 */
public record Username(String typed, String canonical) {
    public static final int MIN_LENGTH = 2;

    /** Counted in code points of the canonical form. Mail addresses fit: RFC 5321 allows 254 octets (4.5.3.1.3). */
    public static final int MAX_LENGTH = 254;

    /** Counted in chars. Normalization may compose four code points of at most two chars each into one code point. */
    private static final int MAX_TYPED_LENGTH = 8 * MAX_LENGTH;

    private static final UsernameProfile PROFILE = new UsernameProfile();

    private static final int DOTLESS_I = 0x0131;
    private static final char SIGMA = '\u03c3';
    private static final char FINAL_SIGMA = '\u03c2';

    /**
     * Matches stored canonical forms that the current rules would change. Older versions only converted names to lower
     * case. Lower case neither merges small letters that share a capital nor corrects a misplaced small sigma.
     */
    public static final Pattern NOT_FOLDED =
            Pattern.compile("[\u00b5\u017f\u0345\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1c80-\u1c88\u1e9b\u1fbe]"
                    + "|\u03c2(?=[\\p{L}\\p{M}])|(?<![\\p{L}\\p{M}])\u03c2"
                    + "|(?<=[\\p{L}\\p{M}])\u03c3(?![\\p{L}\\p{M}])");

    /** Parses a caller's text; returns empty if the profile forbids the name or the length is out of bounds. */
    public static Optional<Username> parse(String typed) {
        if (typed.length() > MAX_TYPED_LENGTH || !isUnicode(typed)) {
            return Optional.empty();
        }
        String stripped = strip(typed);
        try {
            String canonical = fold(PROFILE.enforce(stripped).codePoints());
            int length = canonical.codePointCount(0, canonical.length());
            return length >= MIN_LENGTH && length <= MAX_LENGTH
                    ? Optional.of(new Username(stripped, canonical))
                    : Optional.empty();
        } catch (IllegalArgumentException forbidden) {
            return Optional.empty();
        }
    }

    /**
     * Folds a stored name; returns empty if users cannot have the name. Unlike {@link #parse}, this method accepts
     * blanks and signs of any kind, because the legacy service allowed them.
     */
    public static Optional<Username> fold(String typed) {
        return mapped(typed).map(mapped -> new Username(typed, refold(mapped)));
    }

    /**
     * Returns the forms under which a user with this typed name may be stored, in order of precedence. The first form
     * is folded as older versions did, because some stored forms are folded this way. The other forms are folded by the
     * current rules, first with the blanks at the ends that legacy names may have, then without these blanks.
     */
    public static List<String> canonicalForms(String typed) {
        Set<String> forms = new LinkedHashSet<>();
        mapped(typed).ifPresent(mapped -> {
            forms.add(mapped);
            forms.add(refold(mapped));
        });
        foldStripped(typed).map(Username::canonical).ifPresent(forms::add);
        return List.copyOf(forms);
    }

    /** Folds the name without the blanks at its ends; see {@link #fold}. */
    public static Optional<Username> foldStripped(String typed) {
        return typed.length() > MAX_TYPED_LENGTH ? Optional.empty() : fold(strip(typed));
    }

    /** Folds the canonical form of an older version by the current rules. */
    public static String refold(String canonical) {
        return fold(canonical.codePoints());
    }

    /** Removes spaces of any kind, tabs and line ends at both ends. Users may copy them together with a name. */
    public static String strip(String text) {
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

    /** Returns whether all surrogates of the text form pairs. Control characters, such as NUL, are rejected later. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    /** Checks a single char, because every character with the property White_Space fits in one char. */
    private static boolean isBlank(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    /** Folds a name as older versions did; returns empty if users cannot have the name. */
    private static Optional<String> mapped(String typed) {
        if (typed.isBlank() || typed.length() > MAX_TYPED_LENGTH || !isUnicode(typed)) {
            return Optional.empty();
        }
        String mapped;
        try {
            mapped = PROFILE.enforce(typed);
        } catch (IllegalArgumentException unlikeNewOnes) {
            mapped = Normalizer.normalize(typed, Normalizer.Form.NFC).toLowerCase(Locale.ROOT);
        }
        // A longer form would exceed the index key limit of older MongoDB versions.
        return mapped.codePoints().noneMatch(Character::isISOControl)
                        && mapped.codePointCount(0, mapped.length()) <= MAX_LENGTH
                ? Optional.of(mapped)
                : Optional.empty();
    }

    /**
     * Merges letters that share one capital, and chooses between the two small sigmas by the position in the word. Most
     * users choose sigma by the position, so most names keep the form that older versions gave them. The choice depends
     * only on the two adjacent code points. Therefore a prefix of a name contains the same sigmas as the whole name,
     * except at the end of the prefix.
     */
    private static String fold(IntStream mapped) {
        int[] letters = mapped.map(Username::foldCase).toArray();
        StringBuilder folded = new StringBuilder();
        for (int i = 0; i < letters.length; i++) {
            boolean ends = letters[i] == SIGMA
                    && i > 0
                    && isInWord(letters[i - 1])
                    && (i + 1 == letters.length || !isInWord(letters[i + 1]));
            folded.appendCodePoint(ends ? FINAL_SIGMA : letters[i]);
        }
        return folded.toString();
    }

    /** Keeps dotless i, which shares its capital with i, because Unicode (CaseFolding.txt) separates the letters. */
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
