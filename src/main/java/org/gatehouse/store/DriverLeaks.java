package org.gatehouse.store;

import com.mongodb.internal.connection.PowerOfTwoBufferPool;
import io.lettuce.core.event.jfr.EventRecorder;
import io.netty.util.internal.PlatformDependent;
import java.lang.reflect.Method;
import java.time.Duration;
import org.gatehouse.concurrent.Threads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prevents the drivers from keeping an undeployed application in memory. */
public final class DriverLeaks {
    private static final String NETTY_FLIGHT_RECORDER = "io.netty.jfr.enabled";
    private static final String LETTUCE_FLIGHT_RECORDER = "io.lettuce.core.jfr";

    /** The longest wait for all threads together. Stopped threads normally end within milliseconds. */
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(DriverLeaks.class);

    private DriverLeaks() {}

    /**
     * Keeps Netty and Lettuce from using Java Flight Recorder. Netty would register a listener, which would be removed
     * only if a recording starts. Lettuce would load 110 classes and define classes for its events. Call this method
     * before any other use of Netty. If the operator has set the system property, its value is kept.
     */
    public static void disableFlightRecorder() {
        disableWhile(NETTY_FLIGHT_RECORDER, PlatformDependent::isJfrEnabled);
        disableWhile(LETTUCE_FLIGHT_RECORDER, EventRecorder::getInstance);
    }

    /**
     * Sets the system property to false during the library's only read of it, because other applications in the JVM may
     * have their own Netty and Lettuce.
     */
    private static void disableWhile(String property, Runnable read) {
        if (System.getProperty(property) != null) {
            return;
        }
        System.setProperty(property, "false");
        try {
            read.run();
        } finally {
            System.clearProperty(property);
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
