package org.gatehouse.health;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Optional;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.concurrent.RepeatedTask;
import org.gatehouse.store.StoreRefusedException;
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
    private final LeasedValue<Answer> answer =
            new LeasedValue<>(() -> Optional.of(ask()), LEASE, false, Ticker.systemTicker());
    private final RepeatedTask polling;

    private record Answer(Optional<Duration> latency, Optional<String> refusal) {}

    /** @param probe throws if the dependency does not respond; takes about {@link #TIMEOUT} at most */
    DependencyProbe(Dependency dependency, Runnable probe) {
        this.dependency = dependency;
        this.probe = probe;
        this.polling = new RepeatedTask("health-" + dependency.text(), () -> {
            answer.refresh();
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
        return answer.valid().flatMap(Answer::latency);
    }

    /** Returns the error in the last response; empty if the dependency returns none, or does not respond. */
    Optional<String> refusal() {
        return answer.last().flatMap(Answer::refusal);
    }

    private Answer ask() {
        long sentAt = System.nanoTime();
        try {
            probe.run();
            return new Answer(Optional.of(Duration.ofNanos(System.nanoTime() - sentAt)), Optional.empty());
        } catch (StoreRefusedException refused) {
            log.debug("{} answers with an error", dependency.text(), refused);
            return new Answer(Optional.empty(), Optional.of(String.valueOf(refused.getMessage())));
        } catch (RuntimeException failed) {
            // The connection has logged this once. An operator can enable this line to see each reason.
            log.debug("{} does not answer", dependency.text(), failed);
            return new Answer(Optional.empty(), Optional.empty());
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
