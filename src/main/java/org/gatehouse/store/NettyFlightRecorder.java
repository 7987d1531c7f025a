package org.gatehouse.store;

import io.netty.util.internal.PlatformDependent;

/**
 * Prevents this application's Netty from registering a listener with Java Flight Recorder.
 *
 * <p>Netty does not remove the listener unless a recording starts, so it would keep an undeployed application in memory.
 * Netty reads the system property once. It is set only for that moment, so that other applications in the same JVM with
 * their own Netty are not affected.
 */
public final class NettyFlightRecorder {
    private static final String PROPERTY = "io.netty.jfr.enabled";

    private NettyFlightRecorder() {}

    /** Call this before any other use of Netty. A value that the operator has set is kept. */
    public static void disable() {
        if (System.getProperty(PROPERTY) != null) {
            return;
        }
        System.setProperty(PROPERTY, "false");
        try {
            PlatformDependent.isJfrEnabled();
        } finally {
            System.clearProperty(PROPERTY);
        }
    }
}
