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

    /** The longest wait for all threads together. Stopped threads normally end within milliseconds. */
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(DriverLeaks.class);

    private DriverLeaks() {}

    /**
     * Keeps Netty from registering a listener with Java Flight Recorder. The listener would be removed only if a
     * recording starts. Call this method before any other use of Netty. If the operator has set the system property,
     * its value is kept.
     *
     * <p>Netty reads the property once. The property is set only during this read, because other applications in the
     * JVM may have their own Netty.
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

    /** Ends threads that outlive their clients, and waits for them. Call this method after all clients are closed. */
    public static void endThreads() {
        endBufferPruning();
        joinThreadsOf(DriverLeaks.class.getClassLoader());
    }

    /**
     * Ends the one thread that the MongoDB driver starts for all clients. The driver's method for this is not public.
     * If a new version of the driver does not have this method, the test that redeploys in Tomcat fails.
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

    /** Waits until the threads have ended, because containers report threads that still run as leaks. */
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
