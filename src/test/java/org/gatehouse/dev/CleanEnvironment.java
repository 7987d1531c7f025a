package org.gatehouse.dev;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.gatehouse.config.Settings;

/**
 * Removes Gatehouse's settings, and options that every JVM reads, from the environment of a process.
 *
 * <p>Tests choose each setting themselves. A developer or operator may have settings of a real service in the
 * environment. A test must neither contact that service's stores nor start with its administrator.
 */
public final class CleanEnvironment {
    private static final String PREFIX = "GATEHOUSE_";

    /** Each of these may set system properties, which are settings too. */
    private static final List<String> JVM_OPTIONS = List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private static final Set<String> NAMES = Set.copyOf(Settings.names());

    private CleanEnvironment() {}

    /** Returns whether the application would read a variable of this name, also with its prefix or suffix. */
    public static boolean isSetting(String name) {
        String variable = name.toUpperCase(Locale.ROOT);
        return variable.startsWith(PREFIX) || NAMES.contains(variable);
    }

    /** Returns whether the environment of this process has no settings. */
    public static boolean isCleanHere() {
        return System.getenv().keySet().stream().noneMatch(CleanEnvironment::isSetting);
    }

    /**
     * Must be called before services start in this process.
     *
     * @throws IllegalStateException if the environment of this process has settings
     */
    public static void require() {
        if (!isCleanHere()) {
            throw new IllegalStateException("The environment has settings of Gatehouse, which tests must not use: unset"
                    + " them, or run with --add-opens java.base/java.util=ALL-UNNAMED");
        }
    }

    /** Cleans the environment of a process that is about to start, and returns its builder. */
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
