package org.gatehouse.store;

import com.mongodb.internal.connection.PowerOfTwoBufferPool;
import io.netty.util.internal.PlatformDependent;
import java.lang.reflect.Method;
import java.time.Duration;
import org.gatehouse.concurrent.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prevents the drivers from keeping an undeployed application in memory. */
public final class DriverLeaks {
    private static final String FLIGHT_RECORDER = "io.netty.jfr.enabled";

    /** Stopped threads end within some ms; this is the most that is waited for all of them. */
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(DriverLeaks.class);

    private DriverLeaks() {}

    /**
     * Prevents this application's Netty from registering a listener with Java Flight Recorder, which Netty removes only
     * if a recording starts. Call this before any other use of Netty. A value that the operator has set is kept.
     *
     * <p>Netty reads the system property once. It is set only for that moment, so that other applications in the same
     * JVM with their own Netty are not affected.
     */
    public static void disableFlightRecorder() {
        if (System.getProperty(FLIGHT_RECORDER) != null) {
            return;
        }
        System.setProperty(FLIGHT_RECORDER, "false");
        try {
            PlatformDependent.isJfrEnabled();
        } finally {
            System.clearProperty(FLIGHT_RECORDER);
        }
    }

    /** Ends threads that outlive their clients, and waits for them; call it after all clients have been closed. */
    public static void endThreads() {
        endBufferPruning();
        joinThreadsOf(DriverLeaks.class.getClassLoader());
    }

    /**
     * The MongoDB driver starts one thread for all clients and never ends it. The method that ends it is not public;
     * the test that redeploys in Tomcat fails if it is removed.
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

    /** An executor terminates slightly before its last thread, and containers check threads for leaks. */
    private static void joinThreadsOf(ClassLoader application) {
        long deadline = System.nanoTime() + JOIN_TIMEOUT.toNanos();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            Duration left = Duration.ofNanos(deadline - System.nanoTime());
            if (thread != Thread.currentThread() && thread.getContextClassLoader() == application) {
                Threads.join(thread, left);
            }
        }
    }
}
