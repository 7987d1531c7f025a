package org.gatehouse.health;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
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
 * <p>Readers get its state without waiting for the dependency. The state is at most {@link #LEASE} old.
 */
final class DependencyProbe implements AutoCloseable {
    /** The time that a probe may wait for a response. */
    static final Duration TIMEOUT = Duration.ofSeconds(1);

    /** Longer than a poll interval and a probe together; short enough to report a failure within two seconds. */
    private static final Duration LEASE = Duration.ofMillis(1_800);

    private static final Logger log = LoggerFactory.getLogger(DependencyProbe.class);

    private final Dependency dependency;
    private final Runnable probe;
    private final LeasedValue<Result> result =
            new LeasedValue<>(() -> Optional.of(runProbe()), LEASE, false, Ticker.systemTicker());
    private final RepeatedTask polling;

    /** The result of one probe: both are null if the dependency does not respond. */
    private record Result(
            @Nullable Duration latency, @Nullable String error) {}

    /** @param probe throws if the dependency does not respond; takes about {@link #TIMEOUT} at most */
    DependencyProbe(Dependency dependency, Runnable probe) {
        this.dependency = dependency;
        this.probe = probe;
        this.polling = new RepeatedTask("health-" + dependency.text(), () -> {
            result.refresh();
            return LeasedValue.POLL_INTERVAL;
        });
    }

    void start() {
        polling.start();
    }

    Dependency dependency() {
        return dependency;
    }

    /** Returns the latency of the last response; empty if the dependency does not respond or returns an error. */
    Optional<Duration> latency() {
        return result.valid().map(Result::latency);
    }

    /** Returns the error in the last response; empty if the dependency returns none, or does not respond. */
    Optional<String> error() {
        return result.last().map(Result::error);
    }

    private Result runProbe() {
        long sentAt = System.nanoTime();
        try {
            probe.run();
            return new Result(Duration.ofNanos(System.nanoTime() - sentAt), null);
        } catch (StoreRefusedException refused) {
            log.debug("{} returned an error", dependency.text(), refused);
            return new Result(null, refused.getMessage());
        } catch (RuntimeException failed) {
            // The connection has logged this once. An operator can enable this line to see each reason.
            log.debug("{} does not respond", dependency.text(), failed);
            return new Result(null, null);
        }
    }

    /** Starts no further probe. */
    void stop() {
        polling.stop();
    }

    @Override
    public void close() {
        polling.close();
    }
}
