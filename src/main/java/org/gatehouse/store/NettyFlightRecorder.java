package org.gatehouse.store;

import io.netty.util.internal.PlatformDependent;

/**
 * Keeps the Netty of this application from registering a listener with the Flight Recorder of the Java.
 *
 * <p>Netty never removes that listener while no recording begins, so after an undeployment it would keep all classes of the
 * application in memory. Netty reads its switch once, so the system property is set only for that moment, and another
 * application in the same Java with a Netty of its own is not affected.
 */
public final class NettyFlightRecorder {
    private static final String SWITCH = "io.netty.jfr.enabled";

    private NettyFlightRecorder() {}

    /** Has an effect only before anything of Netty is used. An operator who sets the property keeps that value. */
    public static void disable() {
        if (System.getProperty(SWITCH) != null) {
            return;
        }
        System.setProperty(SWITCH, "false");
        try {
            PlatformDependent.isJfrEnabled();
        } finally {
            System.clearProperty(SWITCH);
        }
    }
}
