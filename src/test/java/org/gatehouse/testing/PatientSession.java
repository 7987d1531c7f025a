package org.gatehouse.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Sets the default timeout of Awaitility to one minute, because a busy machine may stop a process for seconds. JUnit
 * finds this class through {@code META-INF/services}.
 */
public final class PatientSession implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
        // Otherwise, an exception in a thread of one test would fail another test that is waiting.
        Awaitility.doNotCatchUncaughtExceptionsByDefault();
    }
}
