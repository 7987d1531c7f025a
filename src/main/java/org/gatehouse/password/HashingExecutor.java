package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who hashes when. At most one hash runs per core. A bounded number of callers wait, each for a bounded time; all others
 * are refused at once with {@code BUSY}. So a flood of logins takes neither the container's threads nor all of its memory.
 * While many wait, one core is left to everybody else, if there is anybody else.
 */
final class HashingExecutor implements AutoCloseable {
    /** For a slot; what a person waits for a login without trying again. */
    static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** One hash takes some 50 ms, so those at the end of a longer queue would be refused by the clock anyway. */
    private static final int WAITING_PER_CORE = 16;

    /**
     * From so many on, one core hashes less: with a hash on each of two cores the slowest token checks took four times as
     * long, with one core left to them twice. A burst that is over in a fifth of a second is no flood.
     */
    private static final int MANY_WAITING_PER_CORE = 4;

    /** How long work that can wait gives way to logins. */
    static final Duration YIELD_TIMEOUT = Duration.ofSeconds(1);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /** Up to {@link #WAIT_TIMEOUT}. */
    private static final double[] WAIT_SECONDS = {0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(HashingExecutor.class);

    private final int cores;
    private final Duration waitLimit;
    private final ThreadPoolExecutor slots;
    private final Semaphore dear;
    private final Histogram waits;
    private final Counter refusals;
    private final RequestLoad otherWork = new RequestLoad(Ticker.systemTicker());

    /**
     * Starts with no threads; they come with the first work and go, with the memory they hold, after a minute without.
     *
     * @param cores how many hashes may run at once, in ordinary times
     */
    HashingExecutor(int cores, Duration waitLimit, Metrics metrics) {
        this.cores = cores;
        this.waitLimit = waitLimit;
        this.dear = new Semaphore(Math.max(1, cores / 2));
        this.slots = new ThreadPoolExecutor(
                cores,
                cores,
                1,
                TimeUnit.MINUTES,
                new ArrayBlockingQueue<>(WAITING_PER_CORE * cores),
                Threads.factory("password"));
        this.slots.allowCoreThreadTimeOut(true);
        this.waits = metrics.histogram(
                "gatehouse_password_hash_wait_seconds", "Waits of hashes for their turn.", WAIT_SECONDS);
        this.refusals = metrics.counter("gatehouse_password_hash_refusals_total", "Hashes that had no turn in time.");
        bindGauges(metrics);
    }

    private void bindGauges(Metrics metrics) {
        metrics.bindGauge(
                "gatehouse_password_hashes_running", "Hashes that are being computed.", slots::getActiveCount);
        metrics.bindGauge("gatehouse_password_hashes_waiting", "Hashes that wait for their turn.", this::waiting);
        metrics.bindGauge(
                "gatehouse_password_hashes_waiting_limit",
                "Hashes that may wait; whoever comes then is refused.",
                () -> WAITING_PER_CORE * cores);
    }

    /**
     * Runs the work when it is its turn.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    <T> T run(Callable<T> work) {
        long since = System.nanoTime();
        FutureTask<T> task = new FutureTask<>(() -> {
            waits.observe(Metrics.seconds(System.nanoTime() - since));
            return work.call();
        });
        try {
            slots.execute(task);
            adjustSlots();
            return result(task);
        } catch (RejectedExecutionException | CancellationException full) {
            throw busy();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw busy();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof OutOfMemoryError) {
                log.error("There is not enough memory for the hash of a password", failed);
                throw busy();
            }
            throw new IllegalStateException("password hashing failed", failed.getCause());
        }
    }

    /**
     * The same for work that takes several times as long, or as much memory, as a usual hash: it has half of the slots at
     * most.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time, or not enough memory
     */
    <T> T runDear(Callable<T> work) {
        if (!Threads.tryAcquire(dear, waitLimit)) {
            throw busy();
        }
        try {
            return run(work);
        } finally {
            dear.release();
        }
    }

    private void adjustSlots() {
        int waiting = slots.getQueue().size();
        if (waiting <= cores || !otherWork.isMuch()) {
            setSlots(cores);
        } else if (waiting > MANY_WAITING_PER_CORE * cores) {
            setSlots(Math.max(1, cores - 1));
        }
    }

    /** A hash that runs is not disturbed; its thread ends after it when there is one too many. */
    private synchronized void setSlots(int number) {
        if (number < slots.getCorePoolSize()) {
            slots.setCorePoolSize(number);
            slots.setMaximumPoolSize(number);
        } else if (number > slots.getCorePoolSize()) {
            slots.setMaximumPoolSize(number);
            slots.setCorePoolSize(number);
        }
    }

    private <T> T result(FutureTask<T> task) throws InterruptedException, ExecutionException {
        try {
            return task.get(waitLimit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            if (slots.remove(task)) {
                throw busy();
            }
            return task.get(); // it has begun, so only its own time is left
        }
    }

    private GatehouseException busy() {
        refusals.inc();
        return GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
    }

    /** Waits until a slot is free, for {@link #YIELD_TIMEOUT} at most so that it is not deferred forever; false if interrupted. */
    boolean awaitFree() {
        long deadline = System.nanoTime() + YIELD_TIMEOUT.toNanos();
        boolean goesOn = true;
        while (goesOn
                && (slots.getActiveCount() >= cores || !slots.getQueue().isEmpty())
                && System.nanoTime() < deadline) {
            goesOn = Threads.sleep(LOOK_AGAIN);
        }
        return goesOn;
    }

    /**
     * Refuses what would find the queue full.
     *
     * @throws GatehouseException {@code BUSY}
     */
    void requireQueueCapacity() {
        if (slots.getQueue().remainingCapacity() == 0) {
            throw busy();
        }
    }

    /** Tells that a request was served that is no login. */
    void noteOtherWork() {
        otherWork.note();
    }

    /** How many wait for a slot now. */
    int waiting() {
        return slots.getQueue().size();
    }

    @Override
    public void close() {
        slots.shutdownNow().forEach(waiting -> ((FutureTask<?>) waiting).cancel(false));
        if (!Threads.stop(slots, STOP_TIMEOUT)) {
            log.warn("A password is still being hashed; its thread ends with it");
        }
    }
}
