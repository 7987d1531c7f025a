package org.gatehouse.testing;

import java.lang.reflect.Field;
import java.util.Map;
import org.gatehouse.dev.CleanEnvironment;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Removes Gatehouse's settings from the environment and the system properties of the JVM that runs the tests. The
 * removal happens before the first test. JUnit finds this class through {@code META-INF/services}.
 *
 * <p>The application reads {@link System#getenv()}, and child processes inherit the environment. Surefire can exclude
 * only variables with known names. A list of names in the POM would become incomplete when a setting is added.
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
            // Maven's own JVM does not allow this access. Surefire only lists the tests in that JVM and runs none of
            // them there. In other JVMs, CleanEnvironment.require() reports the remaining settings.
        }
    }
}
