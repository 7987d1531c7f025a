package org.gatehouse.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * Records the log lines that the application writes until the call of {@link #close}. Records only lines of the test's
 * thread, and of threads that this thread starts directly or indirectly. Lines of other tests in the same process are
 * not recorded.
 */
public final class LogLines implements AutoCloseable {
    /** The mark identifies a test. Each new thread inherits the mark of the thread that starts the new thread. */
    private static final ThreadLocal<Object> mark = new InheritableThreadLocal<>();

    private final Logger logger = (Logger) LoggerFactory.getLogger("org.gatehouse");
    private final Object marked = new Object();
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (mark.get() == marked) {
                events.add(event);
            }
        }
    };

    public LogLines() {
        mark.set(marked);
        appender.start();
        logger.addAppender(appender);
    }

    /** Discards all lines that were recorded so far. */
    public void clear() {
        events.clear();
    }

    /** Returns the messages that contain this text. The level precedes each message. */
    public List<String> with(String text) {
        return events.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .filter(line -> line.contains(text))
                .toList();
    }

    /** Returns the messages of at least this level. The level precedes each message. */
    public List<String> from(Level level) {
        return events.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(level))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    /** Returns the messages that have a stack trace and at least level INFO. */
    public List<String> withStackTrace() {
        return events.stream()
                .filter(event ->
                        event.getThrowableProxy() != null && event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Override
    public void close() {
        mark.remove();
        logger.detachAppender(appender);
        appender.stop();
    }
}
