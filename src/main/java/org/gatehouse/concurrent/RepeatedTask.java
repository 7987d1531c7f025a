package org.gatehouse.concurrent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats a task in a daemon thread until it is closed. An exception is logged, and the task runs again. */
public final class RepeatedTask implements AutoCloseable {
    /** A task that reads a store twice ends within this time, even if the store does not respond. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(4);

    private static final Logger log = LoggerFactory.getLogger(RepeatedTask.class);

    private final Supplier<Duration> task;
    private final Thread thread;
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** @param task runs once, and returns the wait before the next run */
    public RepeatedTask(String name, Supplier<Duration> task) {
        this.task = task;
        this.thread = Threads.create(name, this::run);
    }

    /** Starts the thread if it has not been started yet. The first run begins immediately. */
    public synchronized void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    /** Waits until the task must stop or the thread is interrupted. Returns false after the timeout. */
    public boolean awaitStop(Duration timeout) {
        return Threads.await(stopping, timeout) || Thread.currentThread().isInterrupted();
    }

    /** Prevents further runs. */
    public void stop() {
        stopping.countDown();
    }

    /** Prevents further runs. Interrupts a slow run only, because a store reports an interrupted call as an outage. */
    @Override
    public void close() {
        stop();
        Threads.join(thread, STOP_TIMEOUT);
        thread.interrupt();
    }

    private void run() {
        Duration pause;
        do {
            try {
                pause = task.get();
            } catch (RuntimeException failed) {
                log.error("The task of thread {} failed and runs again", thread.getName(), failed);
                pause = LeasedValue.POLL_INTERVAL;
            }
        } while (!awaitStop(pause));
    }
}
