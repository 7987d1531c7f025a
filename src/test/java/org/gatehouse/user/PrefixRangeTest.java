package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.gatehouse.identity.Username;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixRangeTest {
    @ParameterizedTest
    @CsvSource({
        "a, Alice",
        "AL, alice",
        "alice, ALICE",
        "\uff21lic, alice", // a full-width A
        "E\u0301t, \u00e9tienne", // two code points in the prefix, one in the name
        "\u03a3\u0391\u03a3, \u03c3\u03b1\u03c3\u03b1", // the final sigma of the prefix is not final in the name
        "\u03a3\u0391\u03a3, \u03c3\u03b1\u03c2",
        "\u039d\u0399\u039a\u039f\u03a3., \u03bd\u03b9\u03ba\u03bf\u03c3.\u03c0\u03b1\u03c0\u03b1\u03c2",
        "\u03bd\u03b9\u03ba\u03bf\u03c2, \u039d\u0399\u039a\u039f\u03a3\u0391",
        "\u03bd\u03b9\u03ba\u03bf\u03c3, \u039d\u0399\u039a\u039f\u03a3.A",
        "\u03a3, \u03c2\u03b1\u03c2",
        "\u30b8\u30e7\u30f3\u30fb, \u30b8\u30e7\u30f3\u30fb\u30b9\u30df\u30b9",
        "\u0639\u0644\u06cc\u200c, \u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        "COL\u00b7, col\u00b7legi",
        "\u05e6\u05f3, \u05e6\u05f3\u05d0",
        "ab\u0375, ab\u0375\u03b1",
        "\u0915\u094d\u200d, \u0915\u094d\u200d\u0937",
        "\u05d0\u05d1-, \u05d0\u05d1-\u05d2", // as a name, this prefix would break the rule for right-to-left text
        "john s, john smith", // only the legacy service allowed spaces in names
        "\ud800\udf00, \ud800\udf00\ud800\udf01\ud800\udf02"
    })
    void matchesNamesWhoseFoldedFormBeginsWithThePrefix(String typed, String name) {
        PrefixRange prefix = PrefixRange.ofUsernames(typed).orElseThrow();

        assertThat(matches(prefix, Username.fold(name).orElseThrow().canonical()))
                .isTrue();
    }

    @Test
    void matchesExactlyTheTextsThatBeginWithThePrefix() {
        List<String> ends = List.of("", "\u0001", "a", "\ud7ff", "\ue000", "\uffff", "\ud800\udc00", "\udbff\udfff");
        for (String last : List.of("a", "z", "~", "\u007f", "\u07ff", "\ud7ff", "\ue001", "\uffef", "\ud83d\ude00")) {
            PrefixRange prefix = PrefixRange.ofUsernames("x " + last).orElse(null);
            if (prefix == null) {
                continue; // names never contain this control character
            }
            for (String end : ends) {
                assertThat(matches(prefix, prefix.first() + end)).isTrue();
                assertThat(matches(prefix, "x" + end)).isFalse();
                assertThat(matches(prefix, prefix.end() + end)).isFalse();
            }
        }
    }

    @Test
    void theUpperBoundOmitsFinalCodePointsWithoutASuccessor() {
        assertThat(PrefixRange.ofUsernames("x\udbff\udfff").orElseThrow().end()).isEqualTo("y");
        assertThat(PrefixRange.ofUsernames("\udbff\udfff").orElseThrow().end()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\u0000", "a\u0000", "\ud800", "a\n", "\u0001"})
    void thePrefixIsAbsentIfNoUsernameCanBeginWithTheText(String typed) {
        assertThat(PrefixRange.ofUsernames(typed)).isEmpty();
    }

    /** Returns whether the prefix matches. Compares texts by their UTF-8 bytes as unsigned numbers, as MongoDB does. */
    private static boolean matches(PrefixRange prefix, String key) {
        return compare(key, prefix.first()) >= 0 && (prefix.end() == null || compare(key, prefix.end()) < 0);
    }

    private static int compare(String one, String other) {
        return Arrays.compareUnsigned(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
