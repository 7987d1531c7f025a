package org.gatehouse.concurrent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats a task in a daemon thread of its own until it is closed. */
public final class RepeatedTask implements AutoCloseable {
    /** A task that asks a store twice is done by then, even if the store does not answer. */
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(4);

    private static final Logger log = LoggerFactory.getLogger(RepeatedTask.class);

    private final Supplier<Duration> task;
    private final Thread thread;
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** @param task runs once, and returns how long to wait before the next run */
    public RepeatedTask(String name, Supplier<Duration> task) {
        this.task = task;
        this.thread = Threads.create(name, this::run);
    }

    /** Starts, if it has not started yet; the first run begins at once. */
    public synchronized void start() {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    /** Waits for so long; true if the task is to stop, or the thread is interrupted. */
    public boolean awaitStop(Duration timeout) {
        return Threads.await(stopping, timeout) || Thread.currentThread().isInterrupted();
    }

    /** Starts no further run. */
    public void stop() {
        stopping.countDown();
    }

    /** Waits for the present run; a store would report an interrupted call as an outage. */
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
                log.error("{} failed and is repeated", thread.getName(), failed);
                pause = LeasedValue.POLL_INTERVAL;
            }
        } while (!awaitStop(pause));
    }
}
