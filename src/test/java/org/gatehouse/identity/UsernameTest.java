package org.gatehouse.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsernameTest {
    @ParameterizedTest
    @CsvSource({
        "Alice, alice",
        "ALICE, alice",
        "alice@example.com, alice@example.com",
        "o'neil-1_2.3, o'neil-1_2.3",
        "\uff21\uff22\uff23, abc", // full-width letters
        "A\u0308rger, \u00e4rger", // a letter and a combining diaeresis
        "\u03a3\u03a3\u03a3, \u03c3\u03c3\u03c2", // the last sigma becomes a final sigma
        "ab, ab",
        "\u1e9eab, \u00dfab", // a capital sharp s
        "\u0130ab, i\u0307ab", // a capital I with a dot
        "\u13a0\u13a1, \uab70\uab71", // Cherokee letters
        "\u1c80\u1c81, \u0432\u0434", // variants of Cyrillic lowercase letters
        "\u0131ab, \u0131ab" // a dotless i is a different letter than i
    })
    void keepsTheTypedSpellingAndFoldsItToACanonicalUsername(String typed, String key) {
        assertThat(Username.parse(typed)).hasValue(new Username(typed, key));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                " a ",
                "a b c",
                " a bc",
                "a\tb",
                "abc\u0000",
                "abc\n\u200b",
                "\ud800abc",
                "abc\ud800",
                "\udc00abc",
                "a\u200bbc",
                "\u202eabc",
                "abc\ud83d\ude00"
            })
    void isRejectedIfTheProfileForbidsIt(String typed) {
        assertThat(Username.parse(typed)).isEmpty();
    }

    @Test
    void hasTwoTo254CodePointsInNormalForm() {
        String supplementary = "\ud840\udc00"; // one code point that consists of two chars
        for (String one : List.of("a", supplementary, "\u00e9", "e\u0301", "\u1f82", "\u03b1\u0313\u0300\u0345")) {
            assertThat(Username.parse(one)).as(one).isEmpty();
            assertThat(Username.parse(one.repeat(2))).as(one).isPresent();
            assertThat(Username.parse(one.repeat(254))).as(one).isPresent();
            assertThat(Username.parse(one.repeat(255))).as(one).isEmpty();
        }
        assertThat(Username.parse("a".repeat(10_000_000))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {" abc", "abc\n", "\t abc\r\n", "\u00a0abc\u202f", "\u3000abc\u2007", "\u0085abc\u2028"})
    void isParsedWithoutSurroundingBlanks(String typed) {
        assertThat(Username.parse(typed)).hasValue(new Username("abc", "abc"));
        assertThat(Username.canonicalForms(typed)).contains("abc");
    }

    @ParameterizedTest
    @CsvSource({
        "\u039d\u0399\u039a\u039f\u03a3.\u03a0\u0391\u03a0\u0391\u03a3, \u03bd\u03b9\u03ba\u03bf\u03c2.\u03c0\u03b1\u03c0\u03b1\u03c2",
        "\u03bd\u03b9\u03ba\u03bf\u03c3.\u03c0\u03b1\u03c0\u03b1\u03c3, \u03bd\u03b9\u03ba\u03bf\u03c2.\u03c0\u03b1\u03c0\u03b1\u03c2",
        "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3, \u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
        "\u03c2\u03b1\u03c2\u03b1, \u03a3\u0391\u03a3\u0391",
        "a\u03a3-1, a\u03c2-1",
    })
    void hasOneCanonicalFormForEverySpellingOfSigma(String one, String other) {
        assertThat(Username.parse(one).orElseThrow().canonical())
                .isEqualTo(Username.parse(other).orElseThrow().canonical());
    }

    /** The rules for these characters are in RFC 5892, appendix A. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", // a zero-width non-joiner between joining letters
                "\u0639\u0644\u064a\u064e\u200c\u0651\u0631", // a zero-width non-joiner between letters with marks
                "\u0915\u094d\u200c\u0937", // a zero-width non-joiner after a virama
                "\u0915\u094d\u200d\u0937",
                "col\u00b7legi",
                "COL\u00b7LEGI",
                "ab\u0375\u03b1",
                "\u05e6\u05f3",
                "\u05e6\u05d4\u05f4\u05dc",
                "\u30b8\u30e7\u30f3\u30fb\u30b9\u30df\u30b9",
                "a\u30fb\u4e00",
                "\uff7c\uff9e\uff65\uff7d", // half-width Katakana
                "\u0628\u0661\u0662",
                "\u0628\u06f1\u06f2",
            })
    void mayContainContextualCharactersWhereTheRfcAllowsThem(String typed) {
        Username name = Username.parse(typed).orElseThrow();

        assertThat(Username.parse(name.canonical())).map(Username::canonical).hasValue(name.canonical());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ab\u200cc",
                "\u200c\u0639\u0644",
                "\u0639\u0644\u200c",
                "\u0627\u200c\u0639\u0644", // an alef joins only to the preceding letter
                "\u0639\u200c\u0621\u0644", // a hamza does not join to any letter
                "\u0639\u0644\u200d\u0631",
                "\u0639\u0644\u06cc\u200c\u200c\u0631", // looks like the same name with a single non-joiner
                "ab\u200dc",
                "a\u0301\u200dc", // the mark before the joiner is not a virama
                "a\u00b7l",
                "l\u00b7a",
                "\u00b7ll",
                "ab\u0375a",
                "ab\u03b1\u0375",
                "ab\u05f3",
                "\u05f3\u05e6",
                "ab\u30fbc",
                "\u0628\u0661\u06f1",
            })
    void isRejectedIfTheRfcForbidsAContextualCharacterAtItsPosition(String typed) {
        assertThat(Username.parse(typed)).isEmpty();
    }
}
