package org.gatehouse.health;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.gatehouse.store.StoreRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one dependency again and again whether it is there, in a thread of its own.
 *
 * <p>So whoever wants to know is told at once, however many they are and however long the dependency takes; and what they
 * are told is not older than {@link #BELIEVED}.
 */
final class Watch {
    /** Between an answer and the next question. */
    private static final Duration PERIOD = Duration.ofMillis(500);

    /** How long a probe may wait for an answer. */
    static final Duration PROBE_LIMIT = Duration.ofSeconds(1);

    /** Counted from when the question was sent that was answered; so no absence goes unseen for two seconds. */
    private static final Duration BELIEVED = Duration.ofMillis(1_800);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(Watch.class);

    private final Dependency dependency;
    private final Runnable probe;
    private final Thread thread;
    private volatile Optional<Answer> last = Optional.empty();
    private volatile Optional<String> refusal = Optional.empty();
    private final CountDownLatch stopping = new CountDownLatch(1);

    private record Answer(long sentAt, long nanos) {}

    /** @param probe asks, and throws when there is no answer; in about {@link #PROBE_LIMIT} at most */
    Watch(Dependency dependency, Runnable probe) {
        this.dependency = dependency;
        this.probe = probe;
        this.thread = new Thread(this::run, "gatehouse-health-" + dependency.text());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    Dependency dependency() {
        return dependency;
    }

    /** How long the dependency took to answer; empty when it is away. */
    Optional<Duration> latency() {
        return last.filter(answer -> System.nanoTime() - answer.sentAt() < BELIEVED.toNanos())
                .map(answer -> Duration.ofNanos(answer.nanos()));
    }

    /** What the dependency answers instead of doing what it is asked; empty when it does, or does not answer at all. */
    Optional<String> refusal() {
        return refusal;
    }

    private void run() {
        try {
            do {
                ask();
            } while (!stopping.await(PERIOD.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException stopping) {
            log.debug("No longer watching {}", dependency.text());
        }
    }

    private void ask() {
        long sentAt = System.nanoTime();
        try {
            probe.run();
            last = Optional.of(new Answer(sentAt, System.nanoTime() - sentAt));
            refusal = Optional.empty();
        } catch (StoreRefusedException refused) {
            log.debug("{} refuses what it is asked", dependency.text(), refused);
            refusal = Optional.of(String.valueOf(refused.getMessage()));
            last = Optional.empty();
        } catch (RuntimeException away) {
            // The connection has said so once; an operator who wants each reason turns this on.
            log.debug("No answer of {}", dependency.text(), away);
            refusal = Optional.empty();
            last = Optional.empty();
        }
    }

    /** Asks nothing more. */
    void stop() {
        stopping.countDown();
    }

    /** Waits until what is being asked is answered, for a connection would take an interruption for an absence. */
    void awaitEnd() {
        try {
            thread.join(STOP_LIMIT.toMillis());
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }
}
