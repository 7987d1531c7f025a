package org.gatehouse;

import java.lang.reflect.Field;
import java.util.Map;
import org.gatehouse.dev.CleanEnvironment;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Removes Gatehouse's settings from the environment and the system properties of the JVM that runs the tests, before
 * the first test. JUnit finds this class through {@code META-INF/services}.
 *
 * <p>The application reads {@link System#getenv()}, and processes inherit it. The variables cannot be excluded by
 * configuration, because Surefire takes complete names only, and a list in the POM would not follow the catalog.
 */
public final class SettingsFreeSession implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        System.getProperties().keySet().removeIf(name -> CleanEnvironment.isSetting(name.toString()));
        if (!CleanEnvironment.isCleanHere()) {
            cleanHere();
        }
    }

    @SuppressWarnings("unchecked")
    private static void cleanHere() {
        try {
            Field wrapped = System.getenv().getClass().getDeclaredField("m");
            wrapped.setAccessible(true);
            CleanEnvironment.clean((Map<String, String>) wrapped.get(System.getenv()));
        } catch (ReflectiveOperationException | RuntimeException closed) {
            // This is normal in Maven's own JVM, where Surefire only lists the tests. CleanEnvironment.require()
            // reports other cases.
        }
    }
}
