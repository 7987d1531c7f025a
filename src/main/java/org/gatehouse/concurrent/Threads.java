package org.gatehouse.concurrent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates Gatehouse's threads, and contains methods that wait in the current thread.
 *
 * <p>Every wait is bounded. An interrupted wait ends immediately and fails. The thread stays interrupted, so its later
 * waits also end immediately.
 */
public final class Threads {
    private static final String PREFIX = "gatehouse-";
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final Logger log = LoggerFactory.getLogger(Threads.class);

    private Threads() {}

    /** Creates a daemon thread without starting it. */
    public static Thread create(String name, Runnable work) {
        Thread thread = new Thread(work, PREFIX + name);
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler(
                (ended, failure) -> log.error("The thread {} has ended with an error", ended.getName(), failure));
        return thread;
    }

    /** Returns a factory that numbers its threads. */
    public static ThreadFactory factory(String name) {
        AtomicInteger number = new AtomicInteger();
        return work -> create(name + "-" + number.incrementAndGet(), work);
    }

    /** Waits for this duration. Returns false if the thread is interrupted. */
    public static boolean sleep(Duration length) {
        return succeeds(() -> {
            TimeUnit.NANOSECONDS.sleep(length.toNanos());
            return true;
        });
    }

    public static boolean tryLock(Lock lock, Duration timeout) {
        return succeeds(() -> lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }

    public static boolean tryAcquire(Semaphore permits, Duration timeout) {
        return succeeds(() -> permits.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }

    public static boolean await(CountDownLatch latch, Duration timeout) {
        return succeeds(() -> latch.await(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Waits until the thread has ended. Returns false if the thread has not ended in time. */
    public static boolean join(Thread thread, Duration timeout) {
        return succeeds(() -> {
            if (timeout.toMillis() > 0) { // Java waits forever if the timeout is 0
                thread.join(timeout.toMillis());
            }
            return !thread.isAlive();
        });
    }

    /** Returns the result of a future. An interruption has the same result as a timeout. */
    public static <T extends @Nullable Object> T get(Future<T> future, Duration timeout)
            throws ExecutionException, TimeoutException {
        try {
            return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new TimeoutException("interrupted");
        }
    }

    /**
     * Returns the result of a step of a request.
     *
     * @throws GatehouseException the exception of the step; {@code STORE_UNAVAILABLE} after the timeout
     * @throws IllegalStateException if the step has failed with another exception
     */
    public static <T extends @Nullable Object> T result(Future<T> step, Duration timeout) {
        try {
            return get(step, timeout);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GatehouseException reported) {
                throw reported;
            }
            throw new IllegalStateException(failed.getCause());
        } catch (TimeoutException late) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, late);
        }
    }

    /** Runs the task after the delay. If the executor is stopped earlier, the task does not run. */
    public static void schedule(ScheduledExecutorService threads, Runnable task, Duration delay) {
        try {
            var unused = threads.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException stopped) {
            log.debug("Stopped before a delayed task");
        }
    }

    /** Waits until all tasks of an executor that accepts no more have ended. Returns false after the timeout. */
    public static boolean awaitEnd(ExecutorService threads, Duration timeout) {
        return succeeds(() -> threads.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Interrupts running tasks, discards waiting tasks, and waits until all threads have ended. */
    public static boolean stop(ExecutorService threads, Duration timeout) {
        threads.shutdownNow();
        return awaitEnd(threads, timeout);
    }

    private interface Wait {
        boolean run() throws InterruptedException;
    }

    private static boolean succeeds(Wait wait) {
        try {
            return wait.run();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
