package org.gatehouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.LoggingEvent;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OneLineMessageTest {
    private static String written(String message) {
        Logger logger = (Logger) LoggerFactory.getLogger(OneLineMessageTest.class);
        LoggingEvent event =
                new LoggingEvent(OneLineMessageTest.class.getName(), logger, Level.INFO, message, null, null);
        return new OneLineMessage().convert(event);
    }

    @Test
    void leavesAMessageOfOneLineAsItIs() {
        assertThat(written("GET /user/me 200 1 ms")).isEqualTo("GET /user/me 200 1 ms");
    }

    @Test
    void showsLineBreaksSoThatNoneForgesALine() {
        assertThat(written("a\nb\rc\r\nd")).isEqualTo("a\\nb\\nc\\n\\nd");
        assertThat(written("a\u2028b\u2029c\u0085d")).isEqualTo("a\\u2028b\\u2029c\\u0085d");
    }

    @Test
    void keepsTheListOfSettingsToMend() {
        assertThat(written("wrong settings:\n  - AUTH_KEY\n  - DB_HOST"))
                .isEqualTo("wrong settings:\n  - AUTH_KEY\n  - DB_HOST");
    }
}
