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
 * Routes log records of this application's libraries from {@code java.util.logging} to SLF4J.
 *
 * <p>All applications in a servlet container share the loggers of {@code java.util.logging}. Therefore only records of
 * classes that this application loaded are routed. Other records reach the same handlers as without this bridge.
 * {@link #close} removes the bridge.
 */
public final class JulBridge implements AutoCloseable {
    /** The loggers of the libraries in the WAR that use {@code java.util.logging} even if SLF4J is present. */
    public static final Set<String> ROOTS = Set.of(
            "com.github.benmanes.caffeine",
            "jakarta.activation",
            "jakarta.mail",
            "jakarta.ws.rs",
            "org.bouncycastle",
            "org.eclipse.angus",
            "org.glassfish.hk2",
            "org.glassfish.jersey",
            "org.jvnet.hk2");

    private static final StackWalker stack = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private final Deque<ApplicationHandler> handlers = new ArrayDeque<>();

    private JulBridge() {}

    public static JulBridge install() {
        JulBridge bridge = new JulBridge();
        for (String root : ROOTS) {
            ApplicationHandler handler = new ApplicationHandler(Logger.getLogger(root));
            handler.logger.addHandler(handler);
            handler.logger.setUseParentHandlers(false);
            bridge.handlers.push(handler);
        }
        return bridge;
    }

    @Override
    public void close() {
        while (!handlers.isEmpty()) {
            ApplicationHandler handler = handlers.pop();
            handler.logger.removeHandler(handler);
            if (applicationHandlers(handler.logger).isEmpty()) {
                handler.logger.setUseParentHandlers(true);
            }
        }
    }

    /** Returns the handlers of all applications in this JVM: the same class name, but different class loaders. */
    private static List<Handler> applicationHandlers(Logger logger) {
        return Stream.of(logger.getHandlers())
                .filter(handler -> handler.getClass().getName().equals(ApplicationHandler.class.getName()))
                .toList();
    }

    private static void publishToParents(Logger logger, LogRecord record) {
        for (@Nullable Logger next = logger.getParent(); next != null; next = next.getParent()) {
            for (Handler handler : next.getHandlers()) {
                handler.publish(record);
            }
            if (!next.getUseParentHandlers()) {
                return;
            }
        }
    }

    /** Returns whether the call stack contains a class of this application other than this bridge. */
    private static boolean isOfThisApplication() {
        return stack.walk(frames -> frames.map(StackWalker.StackFrame::getDeclaringClass)
                .anyMatch(type -> type.getClassLoader() == JulBridge.class.getClassLoader()
                        && type.getNestHost() != JulBridge.class));
    }

    /**
     * Handles the records of this application. The handlers of other applications call {@link #isLoggable} to determine
     * which records this handler accepts.
     */
    private static final class ApplicationHandler extends SLF4JBridgeHandler {
        /** A strong reference that keeps the logger alive, because the log manager references loggers weakly. */
        private final Logger logger;

        ApplicationHandler(Logger logger) {
            this.logger = logger;
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
            List<Handler> all = applicationHandlers(logger);
            if (!all.isEmpty() && all.get(0) == this && all.stream().noneMatch(handler -> handler.isLoggable(record))) {
                publishToParents(logger, record);
            }
        }
    }
}
