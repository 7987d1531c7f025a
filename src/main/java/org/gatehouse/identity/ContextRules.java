package org.gatehouse.identity;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Decides where a text may contain the characters that RFC 5892, appendix A, allows by context. They are everyday
 * letters, signs and digits in some languages, and invisible or easily confused elsewhere.
 */
final class ContextRules {
    private static final int MIDDLE_DOT = 0x00b7;
    private static final int GREEK_NUMERAL_SIGN = 0x0375;
    private static final int GERESH = 0x05f3;
    private static final int GERSHAYIM = 0x05f4;
    private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
    private static final int ZERO_WIDTH_JOINER = 0x200d;
    private static final int KATAKANA_MIDDLE_DOT = 0x30fb;

    private static final Set<UnicodeScript> JAPANESE =
            EnumSet.of(UnicodeScript.HIRAGANA, UnicodeScript.KATAKANA, UnicodeScript.HAN);

    /** Scripts whose letters join; some Arabic, Syriac and Mandaic letters join on the right only or not at all. */
    private static final Set<UnicodeScript> JOINING = EnumSet.of(
            UnicodeScript.ARABIC,
            UnicodeScript.SYRIAC,
            UnicodeScript.NKO,
            UnicodeScript.MONGOLIAN,
            UnicodeScript.MANDAIC,
            UnicodeScript.PHAGS_PA);

    /** Joining_Type R in ArabicShaping.txt of Unicode 15, for Arabic, Syriac and Mandaic letters. */
    private static final Pattern JOINS_RIGHT_ONLY =
            Pattern.compile("[\\u0622-\\u0625\\u0627\\u0629\\u062f-\\u0632\\u0648"
                    + "\\u0671-\\u0673\\u0675-\\u0677\\u0688-\\u0699\\u06c0\\u06c3-\\u06cb\\u06cd\\u06cf\\u06d2\\u06d3\\u06d5"
                    + "\\u06ee\\u06ef\\u0710\\u0715-\\u0719\\u071e\\u0728\\u072a\\u072c\\u072f\\u074d\\u0759-\\u075b\\u076b"
                    + "\\u076c\\u0771\\u0773\\u0774\\u0778\\u0779\\u0840\\u0846\\u0847\\u0849\\u0854\\u0856-\\u0858"
                    + "\\u0870-\\u0882\\u088e\\u08aa-\\u08ac\\u08ae\\u08b1\\u08b2\\u08b9]");

    /** Joining_Type U. */
    private static final Pattern JOINS_NOT = Pattern.compile("[\\u0621\\u0674\\u06e5\\u06e6\\u0887\\u0888\\u08ad]");

    /** Marks of the combining classes 8 and 10, because the virama class, 9, is between them. */
    private static final String CLASS_8 = "\u3099";

    private static final String CLASS_10 = "\u05b0";

    private ContextRules() {}

    /** Whether a character is allowed only by context. */
    static boolean concern(int codePoint) {
        return switch (codePoint) {
            case MIDDLE_DOT,
                    GREEK_NUMERAL_SIGN,
                    GERESH,
                    GERSHAYIM,
                    ZERO_WIDTH_NON_JOINER,
                    ZERO_WIDTH_JOINER,
                    KATAKANA_MIDDLE_DOT -> true;
            default -> isArabicIndicDigit(codePoint) || isExtendedArabicIndicDigit(codePoint);
        };
    }

    /** Whether such a character is allowed at this index of the text. */
    static boolean allow(String text, int at) {
        String before = text.substring(0, at);
        String after = text.substring(at + 1); // all of them are in the basic plane
        int codePoint = text.charAt(at);
        return switch (codePoint) {
            case ZERO_WIDTH_NON_JOINER -> endsWithVirama(before) || isBetweenJoining(before, after); // A.1
            case ZERO_WIDTH_JOINER -> endsWithVirama(before); // A.2
            case MIDDLE_DOT -> before.endsWith("l") && after.startsWith("l"); // A.3
            case GREEK_NUMERAL_SIGN -> !after.isEmpty() && script(after.codePointAt(0)) == UnicodeScript.GREEK; // A.4
            case GERESH, GERSHAYIM -> !before.isEmpty() && script(last(before)) == UnicodeScript.HEBREW; // A.5, A.6
            case KATAKANA_MIDDLE_DOT -> text.codePoints().anyMatch(other -> JAPANESE.contains(script(other))); // A.7
            default -> // A.8, A.9
                text.codePoints().noneMatch(ContextRules::isArabicIndicDigit)
                        || text.codePoints().noneMatch(ContextRules::isExtendedArabicIndicDigit);
        };
    }

    /** Normalizes, because Java does not expose combining classes, but orders marks by them. */
    private static boolean endsWithVirama(String text) {
        if (text.isEmpty()) {
            return false;
        }
        String mark = Character.toString(last(text));
        return Normalizer.normalize(mark + CLASS_8, Normalizer.Form.NFD).equals(CLASS_8 + mark)
                && Normalizer.normalize(CLASS_10 + mark, Normalizer.Form.NFD).equals(mark + CLASS_10);
    }

    private static boolean isBetweenJoining(String before, String after) {
        int[] left = before.codePoints().filter(ContextRules::isVisible).toArray();
        int[] right = after.codePoints().filter(ContextRules::isVisible).toArray();
        return left.length > 0
                && right.length > 0
                && joins(left[left.length - 1])
                && !matches(JOINS_RIGHT_ONLY, left[left.length - 1])
                && joins(right[0]);
    }

    /** Whether Joining_Type is not T. Marks and format characters have T, unless they affect joining themselves. */
    private static boolean isVisible(int codePoint) {
        int type = Character.getType(codePoint);
        return codePoint == ZERO_WIDTH_NON_JOINER
                || codePoint == ZERO_WIDTH_JOINER
                || (type != Character.NON_SPACING_MARK && type != Character.ENCLOSING_MARK && type != Character.FORMAT);
    }

    private static boolean joins(int codePoint) {
        return Character.isLetter(codePoint) && JOINING.contains(script(codePoint)) && !matches(JOINS_NOT, codePoint);
    }

    private static boolean matches(Pattern letters, int codePoint) {
        return letters.matcher(Character.toString(codePoint)).matches();
    }

    private static boolean isArabicIndicDigit(int codePoint) {
        return codePoint >= 0x0660 && codePoint <= 0x0669;
    }

    private static boolean isExtendedArabicIndicDigit(int codePoint) {
        return codePoint >= 0x06f0 && codePoint <= 0x06f9;
    }

    private static int last(String text) {
        return text.codePointBefore(text.length());
    }

    private static UnicodeScript script(int codePoint) {
        return UnicodeScript.of(codePoint);
    }
}
