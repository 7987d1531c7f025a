package org.gatehouse.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Leads what libraries of this application log with {@code java.util.logging} into the log of this application.
 *
 * <p>The loggers of a Jetty belong to all its applications, so only records of classes that this application loaded are
 * taken; any other record goes where it would go without this. Nothing is left behind after {@link #close}.
 */
public final class LibraryLogs implements AutoCloseable {
    /** Those libraries of the WAR that use {@code java.util.logging} even if SLF4J is there, by their loggers. */
    public static final Set<String> ROOTS = Set.of(
            "com.github.benmanes.caffeine",
            "jakarta.ws.rs",
            "org.bouncycastle",
            "org.glassfish.hk2",
            "org.glassfish.jersey",
            "org.jvnet.hk2");

    private final Deque<Taker> takers = new ArrayDeque<>();

    private LibraryLogs() {}

    /** Takes such records from now on. */
    public static LibraryLogs take() {
        LibraryLogs logs = new LibraryLogs();
        for (String root : ROOTS) {
            Taker taker = new Taker(Logger.getLogger(root));
            taker.begin();
            logs.takers.push(taker);
        }
        return logs;
    }

    @Override
    public void close() {
        while (!takers.isEmpty()) {
            takers.pop().end();
        }
    }

    /** Also tells the takers of other applications, by the public methods of its superclass, which records it takes. */
    private static final class Taker extends SLF4JBridgeHandler {
        private static final StackWalker stack = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

        /** Kept because the log manager forgets loggers that are not referenced. */
        private final Logger logger;

        Taker(Logger logger) {
            this.logger = logger;
        }

        void begin() {
            logger.addHandler(this);
            logger.setUseParentHandlers(false);
        }

        void end() {
            logger.removeHandler(this);
            if (takers().isEmpty()) {
                logger.setUseParentHandlers(true);
            }
        }

        @Override
        public boolean isLoggable(LogRecord record) {
            return super.isLoggable(record) && isOfThisApplication();
        }

        @Override
        public void publish(LogRecord record) {
            if (isLoggable(record)) {
                super.publish(record);
                return;
            }
            List<Handler> all = takers();
            if (!all.isEmpty() && all.get(0) == this && all.stream().noneMatch(taker -> taker.isLoggable(record))) {
                publishToParents(record);
            }
        }

        /** Those of every application that runs in this Java; their classes have only the name in common. */
        private List<Handler> takers() {
            return Stream.of(logger.getHandlers())
                    .filter(handler -> handler.getClass().getName().equals(Taker.class.getName()))
                    .toList();
        }

        private void publishToParents(LogRecord record) {
            for (@Nullable Logger next = logger.getParent(); next != null; next = next.getParent()) {
                for (Handler handler : next.getHandlers()) {
                    handler.publish(record);
                }
                if (!next.getUseParentHandlers()) {
                    return;
                }
            }
        }

        private static boolean isOfThisApplication() {
            return stack.walk(frames -> frames.map(StackWalker.StackFrame::getDeclaringClass)
                    .anyMatch(type -> type.getClassLoader() == Taker.class.getClassLoader()
                            && type.getNestHost() != LibraryLogs.class));
        }
    }
}
