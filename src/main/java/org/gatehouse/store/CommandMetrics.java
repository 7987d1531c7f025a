package org.gatehouse.store;

import com.mongodb.event.CommandFailedEvent;
import com.mongodb.event.CommandListener;
import com.mongodb.event.CommandSucceededEvent;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.gatehouse.metrics.Metrics;

/** Measures the duration of MongoDB commands by name, and counts those that fail. */
final class CommandMetrics implements CommandListener {
    /** The commands that this application sends. Only they have their own labels; others count as {@code other}. */
    private static final Set<String> COMMANDS = Set.of(
            "aggregate",
            "buildInfo",
            "count",
            "createIndexes",
            "delete",
            "dropIndexes",
            "find",
            "findAndModify",
            "getMore",
            "insert",
            "killCursors",
            "listIndexes",
            "ping",
            "update");

    /** The buckets range from the duration of a read from memory to more than the longest timeout of a request. */
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

    private final Histogram durations;
    private final Counter failures;

    CommandMetrics(Metrics metrics) {
        durations = metrics.histogram(
                "gatehouse_mongodb_command_duration_seconds",
                "Time from sending a command to MongoDB until its reply or failure.",
                SECONDS,
                "command");
        failures = metrics.counter(
                "gatehouse_mongodb_command_failures_total", "Commands that MongoDB did not carry out.", "command");
        failures.initLabelValues("find"); // starts at 0, so that the first failure is an increase
    }

    @Override
    public void commandSucceeded(CommandSucceededEvent event) {
        observe(label(event.getCommandName()), event.getElapsedTime(TimeUnit.NANOSECONDS));
    }

    @Override
    public void commandFailed(CommandFailedEvent event) {
        String command = label(event.getCommandName());
        observe(command, event.getElapsedTime(TimeUnit.NANOSECONDS));
        failures.labelValues(command).inc();
    }

    private void observe(String command, long nanos) {
        durations.labelValues(command).observe(Metrics.seconds(nanos));
    }

    private static String label(String name) {
        return COMMANDS.contains(name) ? name : "other";
    }
}
