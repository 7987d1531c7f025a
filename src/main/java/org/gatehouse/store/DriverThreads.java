package org.gatehouse.store;

import com.mongodb.internal.connection.PowerOfTwoBufferPool;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads of the drivers that outlive their clients, and would keep the application in memory after the container has
 * let go of it.
 */
public final class DriverThreads {
    /** Those that were told to end need some ms for it; longer than this none is waited for. */
    private static final Duration JOIN_LIMIT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(DriverThreads.class);

    private DriverThreads() {}

    /** Ends them, and sees that they have ended; to be called when all clients are closed. */
    public static void end() {
        endBufferPruning();
        joinThreadsOf(DriverThreads.class.getClassLoader());
    }

    /**
     * MongoDB's driver starts a thread for all clients together and never ends it. It has a way to do so and offers it to
     * nobody; the test that redeploys in a Tomcat tells if that has gone.
     */
    private static void endBufferPruning() {
        try {
            Method disable = PowerOfTwoBufferPool.class.getDeclaredMethod("disablePruning");
            disable.setAccessible(true);
            disable.invoke(PowerOfTwoBufferPool.DEFAULT);
        } catch (ReflectiveOperationException | RuntimeException changed) {
            log.warn("A thread of MongoDB's driver cannot be ended: {}", changed.toString());
        }
    }

    /** An executor has terminated a little before its last thread has, and a container looks at the threads. */
    private static void joinThreadsOf(ClassLoader application) {
        long deadline = System.nanoTime() + JOIN_LIMIT.toNanos();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (thread != Thread.currentThread() && thread.getContextClassLoader() == application && millis > 0) {
                join(thread, millis);
            }
        }
    }

    private static void join(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
