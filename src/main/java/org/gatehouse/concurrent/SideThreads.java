package org.gatehouse.concurrent;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Runs steps of a request beside the thread of the request.
 *
 * <p>Callers may rely on this: a step never waits for a thread. If all threads are busy, the calling thread runs it.
 */
public final class SideThreads implements AutoCloseable {
    /** Longer than any step, because a call of MongoDB ends within 3 s and a step makes two at most. */
    private static final Duration STEP_TIMEOUT = Duration.ofSeconds(10);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);

    private static final Logger log = LoggerFactory.getLogger(SideThreads.class);

    private final ThreadPoolExecutor threads;

    /** Creates the threads when they are needed. An idle thread ends after a minute. */
    public SideThreads(String name, int max) {
        this.threads =
                new ThreadPoolExecutor(0, max, 1, TimeUnit.MINUTES, new SynchronousQueue<>(), Threads.factory(name));
    }

    /**
     * Starts a step. If the calling thread has to run it, this method throws the exception of the step.
     *
     * @return waits for the step; returns its result, or throws its exception
     */
    public <T> Supplier<T> start(Supplier<T> step) {
        Map<String, String> logged = MDC.getCopyOfContextMap();
        FutureTask<T> task = new FutureTask<>(() -> {
            MDC.setContextMap(logged == null ? Map.of() : logged); // so that log lines of the step name the request
            try {
                return step.get();
            } finally {
                MDC.clear();
            }
        });
        try {
            threads.execute(task);
        } catch (RejectedExecutionException busy) {
            T result = step.get();
            return () -> result;
        }
        return () -> Threads.result(task, STEP_TIMEOUT);
    }

    @Override
    public void close() {
        if (!Threads.stop(threads, STOP_TIMEOUT)) {
            log.warn("A step of a request still runs; its thread ends with it");
        }
    }
}
