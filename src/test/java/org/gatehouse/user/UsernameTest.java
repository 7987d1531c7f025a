package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

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
        "\uff21\uff22\uff23, abc", // full width
        "A\u0308rger, \u00e4rger", // decomposed
        "\u03a3\u03a3\u03a3, \u03c3\u03c3\u03c2" // a final sigma
    })
    void isShownAsTypedAndFoldedToItsKey(String typed, String key) {
        assertThat(Username.parse(typed)).hasValue(new Username(typed, key));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ab",
                "a b c",
                " abc",
                "a\tb",
                "abc\u0000",
                "abc\n",
                "\ud800abc",
                "abc\ud800",
                "\udc00abc",
                "a\u200bbc",
                "\u202eabc",
                "abc\ud83d\ude00"
            })
    void isRefusedWhenTheProfileForbidsIt(String typed) {
        assertThat(Username.parse(typed)).isEmpty();
    }

    @Test
    void hasThreeToSixtyFourCodePoints() {
        String beyond = "\ud840\udc00"; // one code point, two chars
        assertThat(Username.parse("a".repeat(64))).isPresent();
        assertThat(Username.parse("a".repeat(65))).isEmpty();
        assertThat(Username.parse(beyond.repeat(2))).isEmpty();
        assertThat(Username.parse(beyond.repeat(64))).isPresent();
        assertThat(Username.parse(beyond.repeat(65))).isEmpty();
        assertThat(Username.parse("a".repeat(10_000_000))).isEmpty();
    }
}
