package org.gatehouse.identity;

import java.text.Normalizer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Checks the characters that RFC 5892, appendix A, allows only in certain contexts. Some languages need these letters,
 * signs and digits. In other texts, they are invisible or look like other characters.
 */
final class ContextRules {
    private static final char ZERO_WIDTH_NON_JOINER = '\u200c';
    private static final char ZERO_WIDTH_JOINER = '\u200d';

    /** The characters that are allowed only in certain contexts. */
    static final Pattern CHARACTERS =
            Pattern.compile("[\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb\u0660-\u0669\u06f0-\u06f9]");

    /** Matches characters outside the contexts of sections A.3 to A.6. */
    private static final Pattern MISPLACED = Pattern.compile(
            "(?<!l)\u00b7|\u00b7(?!l)" // A.3: a middle dot must be between two l
                    + "|\u0375(?!\\p{IsGreek})" // A.4: a Greek numeral sign must precede a Greek letter
                    + "|(?<!\\p{IsHebrew})[\u05f3\u05f4]"); // A.5, A.6: geresh and gershayim follow a Hebrew letter

    private static final Pattern KATAKANA_MIDDLE_DOT = Pattern.compile("\u30fb");
    private static final Pattern JAPANESE = Pattern.compile("[\\p{IsHiragana}\\p{IsKatakana}\\p{IsHan}]");
    private static final Pattern ARABIC_INDIC_DIGIT = Pattern.compile("[\u0660-\u0669]");
    private static final Pattern EXTENDED_ARABIC_INDIC_DIGIT = Pattern.compile("[\u06f0-\u06f9]");

    /** Letters that can join an adjacent letter: all letters of the joining scripts, except those of Joining_Type U. */
    private static final Pattern JOINING = Pattern.compile(
            "[\\p{L}&&[\\p{IsArabic}\\p{IsSyriac}\\p{IsNko}\\p{IsMongolian}\\p{IsMandaic}\\p{IsPhags_Pa}]"
                    + "&&[^\\u0621\\u0674\\u06e5\\u06e6\\u0887\\u0888\\u08ad]]");

    /** The Arabic, Syriac and Mandaic letters of Joining_Type R in ArabicShaping.txt of Unicode 15. */
    private static final Pattern JOINS_RIGHT_ONLY =
            Pattern.compile("[\\u0622-\\u0625\\u0627\\u0629\\u062f-\\u0632\\u0648"
                    + "\\u0671-\\u0673\\u0675-\\u0677\\u0688-\\u0699\\u06c0\\u06c3-\\u06cb\\u06cd\\u06cf\\u06d2\\u06d3\\u06d5"
                    + "\\u06ee\\u06ef\\u0710\\u0715-\\u0719\\u071e\\u0728\\u072a\\u072c\\u072f\\u074d\\u0759-\\u075b\\u076b"
                    + "\\u076c\\u0771\\u0773\\u0774\\u0778\\u0779\\u0840\\u0846\\u0847\\u0849\\u0854\\u0856-\\u0858"
                    + "\\u0870-\\u0882\\u088e\\u08aa-\\u08ac\\u08ae\\u08b1\\u08b2\\u08b9]");

    /** Marks of the combining classes 8 and 10. A virama has class 9, which is between them. */
    private static final String CLASS_8 = "\u3099";

    private static final String CLASS_10 = "\u05b0";

    private ContextRules() {}

    /** Returns whether each of {@link #CHARACTERS} in the text is in an allowed context. */
    static boolean allow(String text) {
        return !occurs(MISPLACED, text)
                && (!occurs(KATAKANA_MIDDLE_DOT, text) || occurs(JAPANESE, text)) // A.7
                && !(occurs(ARABIC_INDIC_DIGIT, text) && occurs(EXTENDED_ARABIC_INDIC_DIGIT, text)) // A.8, A.9
                && IntStream.range(0, text.length()).allMatch(at -> allowsJoiner(text, at));
    }

    private static boolean occurs(Pattern characters, String text) {
        return characters.matcher(text).find();
    }

    /** Returns whether the character at this index is allowed there. Only joiners are restricted. */
    private static boolean allowsJoiner(String text, int at) {
        return switch (text.charAt(at)) {
            case ZERO_WIDTH_NON_JOINER -> // A.1
                endsWithVirama(text.substring(0, at))
                        || isBetweenJoining(text.substring(0, at), text.substring(at + 1));
            case ZERO_WIDTH_JOINER -> endsWithVirama(text.substring(0, at)); // A.2
            default -> true;
        };
    }

    /** Detects a virama by its order among normalized marks, because Java does not expose combining classes. */
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
                && matches(JOINING, left[left.length - 1])
                && !matches(JOINS_RIGHT_ONLY, left[left.length - 1])
                && matches(JOINING, right[0]);
    }

    /** Returns whether the Joining_Type is not T (transparent). Marks, and format characters except joiners, have T. */
    private static boolean isVisible(int codePoint) {
        int type = Character.getType(codePoint);
        return codePoint == ZERO_WIDTH_NON_JOINER
                || codePoint == ZERO_WIDTH_JOINER
                || (type != Character.NON_SPACING_MARK && type != Character.ENCLOSING_MARK && type != Character.FORMAT);
    }

    private static boolean matches(Pattern letters, int codePoint) {
        return letters.matcher(Character.toString(codePoint)).matches();
    }

    private static int last(String text) {
        return text.codePointBefore(text.length());
    }
}
