package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
    @Test
    void isParsedToItsOriginalTexts() {
        String cursor = Cursor.of("2026-11-23T10:00:00.000Z", "\u00e4\"\\ \ud83d\ude00", "");

        assertThat(cursor).matches("[A-Za-z0-9_-]+");
        assertThat(Cursor.parse(cursor, 3))
                .hasValue(List.of("2026-11-23T10:00:00.000Z", "\u00e4\"\\ \ud83d\ude00", ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "[\"a\"]",
                "[\"a\",\"b\",\"c\"]",
                "[\"a\",7]",
                "[\"a\",null]",
                "[\"a\",{\"$ne\":1}]",
                "[\"a\",1e99999999999]",
                "{\"a\":\"b\",\"c\":\"d\"}",
                "\"ab\"",
                "[\"a\",\"b\"] x",
                "[\"a\",\"b\""
            })
    void isRejectedUnlessItContainsTheExpectedNumberOfTexts(String json) {
        String cursor = Base64.getUrlEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8));

        assertThat(Cursor.parse(cursor, 2)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"?", "a b", "\u0000", "a", "%%%"})
    void isRejectedIfItIsNotBase64(String cursor) {
        assertThat(Cursor.parse(cursor, 2)).isEmpty();
    }
}
