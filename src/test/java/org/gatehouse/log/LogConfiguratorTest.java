package org.gatehouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.JoranException;
import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogConfiguratorTest {
    /** The line of {@link TextLogEncoder} as a pattern of Logback. */
    private static final String PATTERN = """
            <configuration>
              <conversionRule conversionWord="singleLine" class="org.gatehouse.log.SingleLineMessageConverter"/>
              <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
                <encoder>
                  <pattern>%d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5level [%X{requestId:--}%replace(%X{traceId}){'.+', ' $0'}] %logger{24} %singleLine%n</pattern>
                </encoder>
              </appender>
              <root level="INFO"><appender-ref ref="console"/></root>
            </configuration>
            """;

    private final LoggerContext context = new LoggerContext();

    @Test
    void isFoundByLogback() {
        assertThat(ServiceLoader.load(Configurator.class)).hasAtLeastOneElementOfType(LogConfigurator.class);
    }

    @Test
    void configuresTheSameAsTheExampleOfAFile() throws JoranException {
        assertThat(new LogConfigurator().configure(context)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
        LoggerContext fromFile = new LoggerContext();
        JoranConfigurator reader = new JoranConfigurator();
        reader.setContext(fromFile);
        reader.doConfigure(Path.of("deploy", "logback.xml").toFile());
        assertThat(levels(context)).isEqualTo(levels(fromFile)).hasSize(6);
        assertThat(encoder(context)).isInstanceOf(TextLogEncoder.class);
        assertThat(encoder(fromFile)).isInstanceOf(TextLogEncoder.class);
    }

    @Test
    @ResourceLock(Resources.SYSTEM_PROPERTIES)
    void aNamedFileThatDoesNotExistLeavesTheUsualConfiguration() {
        System.setProperty("logback.configurationFile", "there-is-no-such-file.xml");
        try {
            assertThat(new LogConfigurator().configure(context)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
        } finally {
            System.clearProperty("logback.configurationFile");
        }
        assertThat(levels(context)).containsEntry(org.slf4j.Logger.ROOT_LOGGER_NAME, Level.INFO);
        assertThat(encoder(context)).isInstanceOf(TextLogEncoder.class);
    }

    @ParameterizedTest
    @CsvSource({
        "INFO, org.gatehouse.access, id, trace, GET /user/{id} 200 3 ms",
        "INFO, org.gatehouse.app.GatehouseListener, , , started",
        "ERROR, a.very.long.name.of.a.package.that.is.abbreviated.Type, id, , failed",
        "DEBUG, org.gatehouse.store.RedisConnection, , trace, two\u2028lines"
    })
    void writesTextInTheDocumentedForm(
            String level, String logger, @Nullable String requestId, @Nullable String traceId, String message)
            throws JoranException {
        JoranConfigurator reader = new JoranConfigurator();
        reader.setContext(context);
        reader.doConfigure(new ByteArrayInputStream(PATTERN.getBytes(StandardCharsets.UTF_8)));
        Exception failure = level.equals("ERROR") ? new IllegalStateException(new IllegalArgumentException("x")) : null;
        LoggingEvent event =
                new LoggingEvent("x", context.getLogger(logger), Level.toLevel(level), message, failure, null);
        event.setInstant(Instant.parse("2026-11-23T10:00:05.480Z"));
        event.setMDCPropertyMap(Map.of(
                requestId == null ? "a" : "requestId", requestId == null ? "" : requestId,
                traceId == null ? "b" : "traceId", traceId == null ? "" : traceId));
        assertThat(text(new TextLogEncoder(), event)).isEqualTo(text(encoder(context), event));
    }

    private static String text(Encoder<ILoggingEvent> encoder, ILoggingEvent event) {
        return new String(encoder.encode(event), Charset.defaultCharset());
    }

    private static Map<String, Level> levels(LoggerContext context) {
        return context.getLoggerList().stream()
                .filter(logger -> logger.getLevel() != null)
                .collect(Collectors.toMap(Logger::getName, Logger::getLevel));
    }

    private static Encoder<ILoggingEvent> encoder(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> console = (ConsoleAppender<ILoggingEvent>)
                context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("console");
        return Objects.requireNonNull(console).getEncoder();
    }
}
