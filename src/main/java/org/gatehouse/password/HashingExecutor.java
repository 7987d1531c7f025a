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
 * Computes password hashes, and limits the cores, threads and memory that they use.
 *
 * <p>Each core has one slot, which runs one hash at a time. A limited number of callers wait for a slot, for a limited
 * time. All other callers receive {@code BUSY} immediately. A flood of logins therefore cannot exhaust the container's
 * threads or memory. If many callers wait while many requests that are not logins arrive, one core is left for those
 * requests. If the machine has a single core, this core still computes hashes.
 */
final class HashingExecutor implements AutoCloseable {
    /** The maximum wait for a slot. Users wait this long for a login before they try again. */
    static final Duration WAIT_TIMEOUT = Duration.ofSeconds(1);

    /** A hash takes about 50 ms. At the end of a longer queue, callers could wait for {@link #WAIT_TIMEOUT}. */
    private static final int WAITING_PER_CORE = 16;

    /**
     * If more than this many callers wait for each core, hashes use one core less. On a machine with two cores, hashes
     * on both cores made the slowest token checks take four times as long. Hashes on one core made these checks take
     * twice as long. A queue below this limit is empty within a fifth of a second.
     */
    private static final int MANY_WAITING_PER_CORE = 4;

    /** How long deferrable work waits before it competes with logins for a slot. */
    static final Duration YIELD_TIMEOUT = Duration.ofSeconds(1);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(5);

    /** Buckets of the histogram, up to {@link #WAIT_TIMEOUT}. */
    private static final double[] WAIT_SECONDS = {0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(HashingExecutor.class);

    private final int cores;
    private final Duration waitLimit;
    private final ThreadPoolExecutor slots;
    private final Semaphore expensiveHashes;
    private final Histogram waits;
    private final Counter rejections;
    private final RequestLoad requestLoad = new RequestLoad(Ticker.systemTicker());

    /**
     * Creates the executor. Its threads start when work arrives. An idle thread ends after a minute and frees memory.
     *
     * @param cores the maximum number of hashes that run at the same time
     */
    HashingExecutor(int cores, Duration waitLimit, Metrics metrics) {
        this.cores = cores;
        this.waitLimit = waitLimit;
        this.expensiveHashes = new Semaphore(Math.max(1, cores / 2));
        this.slots = new ThreadPoolExecutor(
                cores,
                cores,
                1,
                TimeUnit.MINUTES,
                new ArrayBlockingQueue<>(WAITING_PER_CORE * cores),
                Threads.factory("password"));
        this.slots.allowCoreThreadTimeOut(true);
        this.waits = metrics.histogram(
                "gatehouse_password_hash_wait_seconds", "Time that hashes wait for their turn.", WAIT_SECONDS);
        this.rejections = metrics.counter(
                "gatehouse_password_hash_refusals_total",
                "Hashes rejected because their turn did not come in time, or because memory was insufficient.");
        bindGauges(metrics);
    }

    private void bindGauges(Metrics metrics) {
        metrics.bindGauge(
                "gatehouse_password_hashes_running", "Hashes that are being computed.", slots::getActiveCount);
        metrics.bindGauge("gatehouse_password_hashes_waiting", "Hashes that wait for their turn.", this::waiting);
        metrics.bindGauge(
                "gatehouse_password_hashes_waiting_limit",
                "Maximum number of waiting hashes; further ones are rejected.",
                () -> WAITING_PER_CORE * cores);
    }

    /**
     * Runs the work when a slot is free.
     *
     * @throws GatehouseException {@code BUSY} if a slot is not free in time, or if memory is insufficient
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
     * Runs work that takes several times as much time or memory as a usual hash. At most half of the slots, but at
     * least one, may run such work at the same time.
     *
     * @throws GatehouseException {@code BUSY} if a slot is not free in time, or if memory is insufficient
     */
    <T> T runExpensive(Callable<T> work) {
        if (!Threads.tryAcquire(expensiveHashes, waitLimit)) {
            throw busy();
        }
        try {
            return run(work);
        } finally {
            expensiveHashes.release();
        }
    }

    private void adjustSlots() {
        int waiting = slots.getQueue().size();
        if (waiting <= cores || !requestLoad.isHigh()) {
            setSlots(cores);
        } else if (waiting > MANY_WAITING_PER_CORE * cores) {
            setSlots(Math.max(1, cores - 1));
        }
    }

    /** Sets the number of slots. A surplus thread is not interrupted; it ends after its current hash. */
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
            return task.get(); // the work has started, so the caller waits until it ends
        }
    }

    private GatehouseException busy() {
        rejections.inc();
        return GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
    }

    /** Waits until a slot is free, but at most {@link #YIELD_TIMEOUT}; returns false if interrupted. */
    boolean awaitFree() {
        long deadline = System.nanoTime() + YIELD_TIMEOUT.toNanos();
        boolean goesOn = true;
        while (goesOn
                && (slots.getActiveCount() >= cores || !slots.getQueue().isEmpty())
                && System.nanoTime() < deadline) {
            goesOn = Threads.sleep(POLL_INTERVAL);
        }
        return goesOn;
    }

    /**
     * Rejects the request if the queue is full.
     *
     * @throws GatehouseException {@code BUSY}
     */
    void requireQueueCapacity() {
        if (slots.getQueue().remainingCapacity() == 0) {
            throw busy();
        }
    }

    /** Counts a request that is not a login. */
    void recordRequest() {
        requestLoad.note();
    }

    /** Returns the number of hashes that wait for a slot. */
    int waiting() {
        return slots.getQueue().size();
    }

    @Override
    public void close() {
        slots.shutdownNow().forEach(waiting -> ((FutureTask<?>) waiting).cancel(false));
        if (!Threads.stop(slots, STOP_TIMEOUT)) {
            log.warn("A password is still being hashed; the thread ends when the hash is complete");
        }
    }
}
