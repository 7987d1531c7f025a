package org.gatehouse.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IsoTimeTest {
    private static final DateTimeFormatter EXPECTED =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    @ParameterizedTest
    @CsvSource({
        "1970-01-01T00:00:00Z,           1970-01-01T00:00:00.000Z",
        "2024-02-29T23:59:59.999999999Z, 2024-02-29T23:59:59.999Z",
        "1969-12-31T23:59:59.001Z,       1969-12-31T23:59:59.001Z",
        "0000-01-01T00:00:00Z,           0000-01-01T00:00:00.000Z",
        "-0001-12-31T00:00:00Z,          -0001-12-31T00:00:00.000Z",
        "9999-12-31T23:59:59.5Z,         9999-12-31T23:59:59.500Z",
        "+10000-01-01T00:00:00Z,         +10000-01-01T00:00:00.000Z",
    })
    void alwaysHasThreeDigitsOfMilliseconds(Instant time, String text) {
        assertThat(IsoTime.format(time)).isEqualTo(text);
    }

    @Test
    void formatsEveryTimeLikeTheFormatterOfTheJdk() {
        new Random(1)
                .longs(10_000, -100_000_000_000_000L, 300_000_000_000_000L)
                .mapToObj(Instant::ofEpochMilli)
                .forEach(time -> assertThat(IsoTime.format(time)).isEqualTo(EXPECTED.format(time)));
    }
}
