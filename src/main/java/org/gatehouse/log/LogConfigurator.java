package org.gatehouse.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.DefaultJoranConfigurator;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.util.OptionHelper;
import java.util.Map;

/**
 * Configures Logback: lines of text at level INFO to the console. If the operator names a Logback file that exists, the
 * file is used instead.
 *
 * <p>Logback finds this class as a service. A file in the WAR would load 370 more classes, because Logback's reader of
 * XML is large.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {
    /** The name of the appender that {@code LOG_FORMAT=json} replaces. */
    static final String CONSOLE = "console";

    private static final String OPERATORS_FILE = "logback.configurationFile";

    private static final Map<String, Level> LEVELS = Map.of(
            org.slf4j.Logger.ROOT_LOGGER_NAME,
            Level.INFO,
            // Gatehouse logs each change of a store's state once. The drivers would log it on every attempt.
            "org.mongodb.driver",
            Level.ERROR,
            // Names the options of a connection string that the driver ignores.
            "org.mongodb.driver.uri",
            Level.WARN,
            "io.lettuce",
            Level.ERROR,
            "io.netty",
            Level.ERROR,
            // Hides the failure of a connection attempt that was in progress when the application stopped.
            "io.netty.util.concurrent.DefaultPromise.rejectedExecution",
            Level.OFF);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (OptionHelper.getSystemProperty(OPERATORS_FILE) != null && isConfiguredByFile(context)) {
            return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
        }
        LEVELS.forEach((logger, level) -> context.getLogger(logger).setLevel(level));
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(console(context, new TextLogEncoder()));
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /**
     * Reads the operator's file. If it does not exist, Logback alone would log everything at level DEBUG, and the
     * drivers would log stored hashes.
     */
    private static boolean isConfiguredByFile(LoggerContext context) {
        DefaultJoranConfigurator file = new DefaultJoranConfigurator();
        file.setContext(context);
        return file.configure(context) == ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Returns a started appender that writes to the console. */
    static ConsoleAppender<ILoggingEvent> console(LoggerContext context, Encoder<ILoggingEvent> encoder) {
        encoder.setContext(context);
        encoder.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setName(CONSOLE);
        console.setContext(context);
        console.setEncoder(encoder);
        console.start();
        return console;
    }
}
