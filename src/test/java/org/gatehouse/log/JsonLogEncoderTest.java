package org.gatehouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class JsonLogEncoderTest {
    /**
     * Contains characters that JSON escapes, characters outside ASCII, unpaired surrogates, and every kind of line
     * break.
     */
    private static final String HOSTILE =
            "a\nb\r\nc\u2028d\u2029e\u0085f\u0000g\u001bh\"i\\j\t\uD800k\uDC00 l\u007f\u00fc\uD83D\uDE00\"}\n{\"level\":\"ERROR\"}";

    private final LoggerContext context = new LoggerContext();
    private final Logger logger = context.getLogger("org.gatehouse.Some");

    @Test
    void writesAllFieldsOfAnEvent() throws IOException {
        LoggingEvent event = event("Hello {}", null, "world");
        event.setInstant(Instant.parse("2026-11-23T10:00:00.120Z"));
        event.setMDCPropertyMap(Map.of("requestId", "r-1"));
        event.addKeyValuePair(new KeyValuePair("status", 200));
        event.addKeyValuePair(new KeyValuePair("ms", 12L));
        event.addKeyValuePair(new KeyValuePair("done", true));
        event.addKeyValuePair(new KeyValuePair("user", "u-1"));

        assertThat(encode(event))
                .isEqualTo(
                        "{\"time\":\"2026-11-23T10:00:00.120Z\",\"level\":\"WARN\",\"logger\":\"org.gatehouse.Some\","
                                + "\"thread\":\"" + Thread.currentThread().getName() + "\",\"message\":\"Hello world\","
                                + "\"requestId\":\"r-1\",\"status\":200,\"ms\":12,\"done\":true,\"user\":\"u-1\"}\n");
    }

    @Test
    void writesOneLineWhateverTheEventContains() throws IOException {
        LoggingEvent event = event("{}", new IllegalStateException(HOSTILE, new IOException(HOSTILE)), HOSTILE);
        event.setThreadName(HOSTILE);
        event.setMDCPropertyMap(Map.of(HOSTILE, HOSTILE));
        event.addKeyValuePair(new KeyValuePair("given", HOSTILE));

        String line = encode(event);

        assertThat(line).endsWith("}\n");
        assertThat(line.substring(0, line.length() - 1).chars())
                .allMatch(character -> character >= ' ' && character <= 0x7f);
        JsonNode read = new ObjectMapper().readTree(line);
        String name = HOSTILE.replace('\uD800', '?').replaceFirst("\uDC00(?= )", "?");
        for (String field : new String[] {"message", "thread", name, "given"}) {
            assertThat(read.path(field).asText()).isEqualTo(HOSTILE);
        }
        assertThat(read.path("level").asText()).isEqualTo("WARN");
        assertThat(read.path("error").asText())
                .startsWith("java.lang.IllegalStateException: " + HOSTILE)
                .contains("Caused by: java.io.IOException", "\tat org.gatehouse.log.JsonLogEncoderTest.");
    }

    @Test
    void replacesThePlainTextOnTheConsole() {
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        ConsoleAppender<ILoggingEvent> text = new ConsoleAppender<>();
        text.setName("console");
        root.addAppender(text);

        JsonLogEncoder.writeToConsole(context);

        assertThat(root.iteratorForAppenders())
                .toIterable()
                .singleElement()
                .isInstanceOfSatisfying(ConsoleAppender.class, console -> {
                    assertThat(console.getEncoder()).isInstanceOf(JsonLogEncoder.class);
                    assertThat(console.isStarted()).isTrue();
                });
        assertThat(text.isStarted()).isFalse();
    }

    @Test
    void leavesAConfigurationWithoutAConsoleAppenderUnchanged() {
        JsonLogEncoder.writeToConsole(context);

        assertThat(context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).iteratorForAppenders())
                .isExhausted();
    }

    private LoggingEvent event(String message, @Nullable Throwable thrown, Object... arguments) {
        return new LoggingEvent(JsonLogEncoderTest.class.getName(), logger, Level.WARN, message, thrown, arguments);
    }

    private static String encode(ILoggingEvent event) {
        return new String(new JsonLogEncoder().encode(event), StandardCharsets.UTF_8);
    }
}
