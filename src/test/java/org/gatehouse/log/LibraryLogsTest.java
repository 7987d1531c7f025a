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
import org.slf4j.LoggerFactory;

class LibraryLogsTest {
    private static final String NAME = "org.glassfish.jersey.LibraryLogsTest";

    private final Logger library = Logger.getLogger(NAME);
    private final Logger root = Logger.getLogger("org.glassfish.jersey");
    private final Logger container = Logger.getLogger("org.glassfish");
    private final Queue<String> ofContainer = new ConcurrentLinkedQueue<>();
    private final Queue<ILoggingEvent> ofApplication = new ConcurrentLinkedQueue<>();
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            ofContainer.add(record.getMessage());
        }

        @Override
        public void flush() {
            // nothing is kept
        }

        @Override
        public void close() {
            // nothing is open
        }
    };

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            ofApplication.add(event);
        }
    };

    @BeforeEach
    void listen() {
        container.addHandler(handler);
        container.setUseParentHandlers(false);
        appender.start();
        context.getLogger(NAME).addAppender(appender);
    }

    @AfterEach
    void stop() {
        context.getLogger(NAME).detachAppender(appender);
        container.removeHandler(handler);
        container.setUseParentHandlers(true);
    }

    /** Logs as a library of another application does, when another class loader defines it. */
    public static final class Library implements Runnable {
        @Override
        public void run() {
            Logger.getLogger("org.glassfish.jersey.LibraryLogsTest").warning("of another application");
        }
    }

    @Test
    void takesWhatLibrariesLog() {
        try (LibraryLogs logs = LibraryLogs.take()) {
            assertThat(logs).isNotNull();
            library.severe("a failure");
        }
        library.warning("after the end");

        assertThat(ofApplication).singleElement().satisfies(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.ERROR);
            assertThat(event.getLoggerName()).isEqualTo(NAME);
            assertThat(event.getFormattedMessage()).isEqualTo("a failure");
        });
        assertThat(ofContainer).containsExactly("after the end");
        assertThat(root.getHandlers()).isEmpty();
        assertThat(root.getUseParentHandlers()).isTrue();
    }

    @Test
    void leavesWhatOtherApplicationsLogWhereItGoes() throws Exception {
        try (LibraryLogs logs = LibraryLogs.take();
                URLClassLoader other = otherApplication()) {
            assertThat(logs).isNotNull();
            logIn(other);
        }

        assertThat(ofContainer).containsExactly("of another application");
        assertThat(ofApplication).isEmpty();
    }

    @Test
    void eachOfSeveralApplicationsTakesItsOwn() throws Exception {
        try (LibraryLogs logs = LibraryLogs.take();
                URLClassLoader other = otherApplication()) {
            assertThat(logs).isNotNull();
            Class<?> type = other.loadClass(LibraryLogs.class.getName());
            AutoCloseable logsOfOther = (AutoCloseable) type.getMethod("take").invoke(null);
            logIn(other);
            library.warning("own");
            logsOfOther.close();
            assertThat(root.getHandlers()).hasSize(1);
            library.warning("own again");
        }

        assertThat(ofContainer).isEmpty();
        assertThat(ofApplication).extracting(ILoggingEvent::getFormattedMessage).containsExactly("own", "own again");
    }

    private static void logIn(ClassLoader application) throws Exception {
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
