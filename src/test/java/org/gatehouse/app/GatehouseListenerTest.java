package org.gatehouse.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.gatehouse.config.SettingsException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.slf4j.LoggerFactory;

/** Tests the messages about invalid and mistyped settings when the application starts. */
@ResourceLock("java.util.logging")
class GatehouseListenerTest {
    private static final Logger logger = (Logger) LoggerFactory.getLogger(GatehouseListener.class);
    private static final Queue<ILoggingEvent> events = new ConcurrentLinkedQueue<>();
    private static final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    @BeforeAll
    static void attachAppender() {
        appender.start();
        logger.addAppender(appender);
    }

    @AfterAll
    static void detachAppender() {
        logger.detachAppender(appender);
    }

    @Test
    void reportsAllInvalidSettingsInOneMessage() {
        Map<String, String> settings = Map.of(
                "AUTH_KEY", "short",
                "AUTH_EXPIRY", "soon",
                "DB_HOST", "mongodb://db/?compressors=zstd",
                "REDIS_URL", "redis://user:hunter2#x@localhost",
                "ADMIN_USERNAME", "a b",
                "ADMIN_PASSWORD", "hunter2",
                "ADMIN_RESET", "perhaps");

        assertThatThrownBy(() -> start(settings))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll(
                        "AUTH_KEY is shorter",
                        "AUTH_EXPIRY must be",
                        "DB_HOST names compressors=zstd",
                        "REDIS_URL is not a Redis address",
                        "ADMIN_USERNAME is not a username",
                        "ADMIN_PASSWORD must have at least 15 characters",
                        "ADMIN_RESET must be")
                .hasMessageNotContaining("hunter2");
    }

    /**
     * If {@code PASSWORD_MIN_LENGTH} is invalid, the password is checked against the lowest minimum that the setting
     * allows.
     */
    @Test
    void checksThePasswordAgainstTheLowestAllowedMinimumIfTheSettingIsInvalid() {
        assertThatThrownBy(() -> start(Map.of(
                        "PASSWORD_MIN_LENGTH", "many", "ADMIN_USERNAME", "root", "ADMIN_PASSWORD", "grüne Pferde")))
                .hasMessageContaining("PASSWORD_MIN_LENGTH must be")
                .hasMessageNotContaining("ADMIN_PASSWORD must");
    }

    @Test
    void warnsOfAMistypedNameEvenIfTheStartFails() {
        assertThatThrownBy(() -> start(Map.of("GATEHOUSE_AUTH_KYE", "hunter2")))
                .hasMessageContaining("AUTH_KEY is missing");

        assertThat(events)
                .filteredOn(event -> event.getLevel() == Level.WARN)
                .extracting(ILoggingEvent::getFormattedMessage)
                .contains(
                        "GATEHOUSE_AUTH_KYE in the servlet context parameters is not a setting and is ignored; the nearest"
                                + " one is GATEHOUSE_AUTH_KEY");
    }

    private static void start(Map<String, String> parameters) {
        ServletContext context = (ServletContext) Proxy.newProxyInstance(
                GatehouseListenerTest.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (proxy, method, arguments) -> result(method.getName(), arguments, parameters));
        new GatehouseListener().contextInitialized(new ServletContextEvent(context));
    }

    private static @Nullable Object result(String method, Object[] arguments, Map<String, String> parameters) {
        return switch (method) {
            case "getInitParameterNames" -> Collections.enumeration(parameters.keySet());
            case "getInitParameter" -> parameters.get(String.valueOf(arguments[0]));
            case "setSessionTrackingModes" -> null;
            default -> throw new UnsupportedOperationException(method);
        };
    }
}
