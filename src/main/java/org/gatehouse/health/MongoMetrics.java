package org.gatehouse.health;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bson.BsonDocument;
import org.gatehouse.store.MongoObserver;

/** Times the commands to MongoDB by name, and counts those that fail. */
final class MongoMetrics implements MongoObserver {
    /** What this application sends at present. */
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

    private static final String OTHER = "other";

    private final Histogram durations;
    private final Counter failures;
    private final CounterDataPoint absences;
    private final Map<String, DistributionDataPoint> durationsByName = new ConcurrentHashMap<>();

    MongoMetrics(Histogram durations, Counter failures, CounterDataPoint absences) {
        this.durations = durations;
        this.failures = failures;
        this.absences = absences;
        failures.initLabelValues("find"); // so that the first failure of what is asked most is seen to be one more
    }

    @Override
    public void sending(BsonDocument command) {
        // its answer is what counts
    }

    @Override
    public void answered(String name, long nanos, boolean succeeded) {
        String command = COMMANDS.contains(name) ? name : OTHER;
        durationsByName.computeIfAbsent(command, durations::labelValues).observe(nanos / Meters.NANOS_PER_SECOND);
        if (!succeeded) {
            failures.labelValues(command).inc();
        }
    }

    @Override
    public void unavailable() {
        absences.inc();
    }
}
