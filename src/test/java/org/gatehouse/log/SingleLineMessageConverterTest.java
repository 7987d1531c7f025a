package org.gatehouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SingleLineMessageConverterTest {
    private static String convert(String message) {
        Logger logger = (Logger) LoggerFactory.getLogger(SingleLineMessageConverterTest.class);
        LoggingEvent event = new LoggingEvent(
                SingleLineMessageConverterTest.class.getName(), logger, Level.INFO, message, null, null);
        return new SingleLineMessageConverter().convert(event);
    }

    @Test
    void leavesASingleLineUnchanged() {
        assertThat(convert("GET /user/me 200 1 ms")).isEqualTo("GET /user/me 200 1 ms");
    }

    @Test
    void escapesLineBreaks() {
        assertThat(convert("a\nb\rc\r\nd")).isEqualTo("a\\nb\\nc\\n\\nd");
        assertThat(convert("a\u2028b\u2029c\u0085d")).isEqualTo("a\\u2028b\\u2029c\\u0085d");
    }

    @Test
    void keepsLineBreaksInAListOfInvalidSettings() {
        assertThat(convert("wrong settings:\n  - AUTH_KEY\n  - DB_HOST"))
                .isEqualTo("wrong settings:\n  - AUTH_KEY\n  - DB_HOST");
    }
}
