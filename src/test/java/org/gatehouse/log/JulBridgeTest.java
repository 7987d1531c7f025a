package org.gatehouse.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.slf4j.LoggerFactory;

@ResourceLock("java.util.logging")
class JulBridgeTest {
    private static final String NAME = "org.glassfish.jersey.JulBridgeTest";

    private final Logger library = Logger.getLogger(NAME);
    private final Logger root = Logger.getLogger("org.glassfish.jersey");
    private final Logger container = Logger.getLogger("org.glassfish");
    private final Queue<String> containerRecords = new ConcurrentLinkedQueue<>();
    private final Queue<ILoggingEvent> applicationEvents = new ConcurrentLinkedQueue<>();
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            containerRecords.add(record.getMessage());
        }

        @Override
        public void flush() {
            // This handler does not buffer records.
        }

        @Override
        public void close() {
            // This handler has no resources to close.
        }
    };

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            applicationEvents.add(event);
        }
    };

    @BeforeEach
    void attachHandlers() {
        container.addHandler(handler);
        container.setUseParentHandlers(false);
        appender.start();
        context.getLogger(NAME).addAppender(appender);
    }

    @AfterEach
    void detachHandlers() {
        context.getLogger(NAME).detachAppender(appender);
        container.removeHandler(handler);
        container.setUseParentHandlers(true);
    }

    /** Logs a record. If another class loader defines this class, the record comes from another application. */
    public static final class Library implements Runnable {
        @Override
        public void run() {
            Logger.getLogger("org.glassfish.jersey.JulBridgeTest").warning("of another application");
        }
    }

    @Test
    void routesTheRecordsOfLibraries() {
        try (JulBridge bridge = JulBridge.install()) {
            assertThat(bridge).isNotNull();
            library.severe("a failure");
        }
        library.warning("after the end");

        assertThat(applicationEvents).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.ERROR);
            assertThat(event.getLoggerName()).isEqualTo(NAME);
            assertThat(event.getFormattedMessage()).isEqualTo("a failure");
        });
        assertThat(containerRecords).containsExactly("after the end");
        assertThat(root.getHandlers()).isEmpty();
        assertThat(root.getUseParentHandlers()).isTrue();
    }

    @Test
    void leavesTheRecordsOfOtherApplicationsToTheContainer() throws Exception {
        try (JulBridge bridge = JulBridge.install();
                URLClassLoader other = otherApplication()) {
            assertThat(bridge).isNotNull();
            logFrom(other);
        }

        assertThat(containerRecords).containsExactly("of another application");
        assertThat(applicationEvents).isEmpty();
    }

    @Test
    void routesTheRecordsOfEachApplicationSeparately() throws Exception {
        try (JulBridge bridge = JulBridge.install();
                URLClassLoader other = otherApplication()) {
            assertThat(bridge).isNotNull();
            Class<?> type = other.loadClass(JulBridge.class.getName());
            AutoCloseable bridgeOfOther =
                    (AutoCloseable) type.getMethod("install").invoke(null);
            logFrom(other);
            library.warning("own");
            bridgeOfOther.close();
            assertThat(root.getHandlers()).hasSize(1);
            library.warning("own again");
        }

        assertThat(containerRecords).isEmpty();
        assertThat(applicationEvents)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("own", "own again");
    }

    private static void logFrom(ClassLoader application) throws Exception {
        Runnable logging = (Runnable) application
                .loadClass(Library.class.getName())
                .getDeclaredConstructor()
                .newInstance();
        Thread thread = new Thread(logging, "another application");
        thread.start();
        thread.join();
    }

    private static URLClassLoader otherApplication() throws MalformedURLException {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            path.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }
}
