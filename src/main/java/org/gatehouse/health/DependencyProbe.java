package org.gatehouse.health;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.concurrent.RepeatedTask;
import org.gatehouse.store.StoreRefusedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes one dependency repeatedly in its own thread.
 *
 * <p>Readers get the state of the dependency without waiting. The state is at most {@link #LEASE} old.
 */
final class DependencyProbe implements AutoCloseable {
    /** The time that a probe may wait for a response. */
    static final Duration TIMEOUT = Duration.ofSeconds(1);

    /** Longer than a poll interval plus a probe, but short enough to report a failure within two seconds. */
    private static final Duration LEASE = Duration.ofMillis(1_800);

    /** The interval and the lease of rare probes. */
    private static final Duration RARE_INTERVAL = Duration.ofSeconds(10);

    private static final Duration RARE_LEASE = Duration.ofSeconds(15);

    private static final Logger log = LoggerFactory.getLogger(DependencyProbe.class);

    private static final double NANOS_PER_MS = 1e6;

    private final String name;
    private final boolean required;
    private final String absence;
    private final Runnable probe;
    private final LeasedValue<Result> result;
    private final RepeatedTask polling;

    /** The result of one probe. Both components are null if the dependency does not respond. */
    private record Result(
            @Nullable Duration latency, @Nullable String error) {}

    /**
     * The state of a dependency.
     *
     * @param reason why the dependency is not up; null if it is up
     * @param latencyMs the latency of the last response in milliseconds; null if the dependency is not up
     */
    record State(
            String name,
            String state,
            @Nullable String reason,
            @Nullable Double latencyMs,
            boolean required,
            String absence) {}

    /**
     * Creates a probe that does not run yet.
     *
     * @param name the name in responses and metrics
     * @param required whether the service is not ready without the dependency
     * @param absence the effect on callers while the dependency is unavailable
     * @param probe throws an exception if the dependency does not respond; waits for about {@link #TIMEOUT} at most
     */
    DependencyProbe(String name, boolean required, String absence, Runnable probe) {
        this(name, required, absence, probe, LeasedValue.POLL_INTERVAL, LEASE);
    }

    /**
     * Creates a probe of a dependency that is not required and that must not be called often. A mail server logs each
     * connection, and may reject clients that connect too often.
     */
    static DependencyProbe rare(String name, String absence, Runnable probe) {
        return new DependencyProbe(name, false, absence, probe, RARE_INTERVAL, RARE_LEASE);
    }

    private DependencyProbe(
            String name, boolean required, String absence, Runnable probe, Duration interval, Duration lease) {
        this.result = new LeasedValue<>(() -> Optional.of(runProbe()), lease, false, Ticker.systemTicker());
        this.name = name;
        this.required = required;
        this.absence = absence;
        this.probe = probe;
        this.polling = new RepeatedTask("health-" + name, () -> {
            result.refresh();
            return interval;
        });
    }

    void start() {
        polling.start();
    }

    String name() {
        return name;
    }

    /** Returns whether the last response is recent and not an error. */
    boolean isUp() {
        return result.valid().map(Result::latency).isPresent();
    }

    /** Returns whether the service is not ready because of this dependency. */
    boolean preventsReadiness() {
        return required && !isUp();
    }

    State state() {
        Duration latency = result.valid().map(Result::latency).orElse(null);
        if (latency != null) {
            double latencyMs = Math.round(latency.toNanos() / NANOS_PER_MS * 1_000) / 1_000.0;
            return new State(name, "up", null, latencyMs, required, absence);
        }
        String error = result.last().map(Result::error).orElse(null);
        return new State(
                name,
                error == null || required ? "down" : "degraded",
                Objects.requireNonNullElse(error, "It does not answer."),
                null,
                required,
                absence);
    }

    private Result runProbe() {
        long sentAt = System.nanoTime();
        try {
            probe.run();
            return new Result(Duration.ofNanos(System.nanoTime() - sentAt), null);
        } catch (StoreRefusedException refused) {
            log.debug("{} returned an error", name, refused);
            return new Result(null, refused.getMessage());
        } catch (RuntimeException failed) {
            // The connection has logged the outage once. At debug level, every failure is logged.
            log.debug("{} does not respond", name, failed);
            return new Result(null, null);
        }
    }

    /** Prevents further probes. */
    void stop() {
        polling.stop();
    }

    @Override
    public void close() {
        polling.close();
    }
}
