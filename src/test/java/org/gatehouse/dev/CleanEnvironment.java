package org.gatehouse.dev;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.gatehouse.config.SettingCatalog;

/**
 * Removes Gatehouse's settings from the environment of a process. Also removes the variables from which every JVM reads
 * options.
 *
 * <p>Each test chooses its own settings. The environment of a developer or operator may contain the settings of a real
 * service. A test must not contact the stores of this service or use its administrator.
 */
public final class CleanEnvironment {
    private static final String PREFIX = "GATEHOUSE_";

    /** Options in these variables may set system properties. Gatehouse reads settings from system properties. */
    private static final List<String> JVM_OPTIONS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final Set<String> NAMES = Set.copyOf(SettingCatalog.names());

    private CleanEnvironment() {}

    /** Returns whether the application reads a variable of this name. A name may have a prefix or a suffix. */
    public static boolean isSetting(String name) {
        String variable = name.toUpperCase(Locale.ROOT);
        return variable.startsWith(PREFIX) || NAMES.contains(variable);
    }

    /** Returns whether the environment of this process contains no settings of Gatehouse. */
    public static boolean isCleanHere() {
        return System.getenv().keySet().stream().noneMatch(CleanEnvironment::isSetting);
    }

    /**
     * Rejects an environment that contains settings. Call this method before this process starts a service.
     *
     * @throws IllegalStateException if the environment of this process contains settings of Gatehouse
     */
    public static void require() {
        if (!isCleanHere()) {
            throw new IllegalStateException("The environment has settings of Gatehouse, which tests must not use: unset"
                    + " them, or run with --add-opens java.base/java.util=ALL-UNNAMED");
        }
    }

    /**
     * Removes the settings from the environment of a process that is about to start. Returns the builder of the
     * process.
     */
    public static ProcessBuilder of(ProcessBuilder process) {
        clean(process.environment());
        process.environment().keySet().removeAll(JVM_OPTIONS);
        return process;
    }

    /** Removes the settings from a map of variables. */
    public static void clean(Map<String, String> environment) {
        environment.keySet().removeIf(CleanEnvironment::isSetting);
    }
}
