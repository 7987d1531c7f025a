package org.gatehouse.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * Records what the application logs until closed, in the threads that the thread of the test has started since,
 * directly or through others. Tests that run beside it in the same process do not appear.
 */
public final class LogLines implements AutoCloseable {
    /** Marks the thread of a test and the threads that it starts. */
    private static final ThreadLocal<Object> mark = new InheritableThreadLocal<>();

    private final Logger logger = (Logger) LoggerFactory.getLogger("org.gatehouse");
    private final Object marked;
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
        if (mark.get() == null) {
            mark.set(new Object());
        }
        marked = mark.get();
        appender.start();
        logger.addAppender(appender);
    }

    /** Discards what has been logged so far. */
    public void clear() {
        events.clear();
    }

    /** Returns the messages that contain this text, each after its level. */
    public List<String> with(String text) {
        return events.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .filter(line -> line.contains(text))
                .toList();
    }

    /** Returns the messages of at least this level, each after its level. */
    public List<String> from(Level level) {
        return events.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(level))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    /** Returns the messages of at least level INFO that have a stack trace. */
    public List<String> withStackTrace() {
        return events.stream()
                .filter(event ->
                        event.getThrowableProxy() != null && event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        appender.stop();
    }
}
