package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Java installation on this machine.
 *
 * @param feature the major version, such as 17
 */
public record Jdk(int feature, Path home) {
    /** The oldest and the newest Java version that the WAR supports. */
    static final List<Integer> RANGE = List.of(17, 25);

    private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

    /** The folders in which system packages and common tools install Java. */
    private static final List<Path> FOLDERS = List.of(
            Path.of("/usr/lib/jvm"),
            Path.of("/opt"),
            Path.of(System.getProperty("user.home"), ".sdkman", "candidates", "java"),
            Path.of(System.getProperty("user.home"), ".jdks"));

    /** Returns the Java installation that runs the tests. */
    public static Jdk own() {
        return new Jdk(Runtime.version().feature(), Path.of(System.getProperty("java.home")));
    }

    /** Returns the Java installation that runs the tests, and the installations of the versions in {@link #RANGE}. */
    static List<Jdk> present() {
        Jdk own = own();
        return Stream.concat(
                        Stream.of(own),
                        RANGE.stream()
                                .filter(feature -> feature != own.feature())
                                .flatMap(feature -> find(feature).stream()))
                .toList();
    }

    /**
     * Finds an installation of this version. A variable such as {@code JAVA17_HOME} takes precedence over the usual
     * folders.
     *
     * @throws IllegalStateException if the variable does not name a Java installation of this version
     */
    static Optional<Jdk> find(int feature) {
        String variable = "JAVA" + feature + "_HOME";
        String home = System.getenv(variable);
        if (home == null || home.isBlank()) {
            return FOLDERS.stream()
                    .flatMap(Jdk::under)
                    .filter(jdk -> jdk.feature() == feature)
                    .findFirst();
        }
        return Optional.of(at(Path.of(home))
                .filter(jdk -> jdk.feature() == feature)
                .orElseThrow(() -> new IllegalStateException(variable + " is not the home of a Java " + feature)));
    }

    private static Stream<Jdk> under(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Stream.empty();
        }
        try (Stream<Path> homes = Files.list(folder)) {
            return homes.sorted().flatMap(home -> at(home).stream()).toList().stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Optional<Jdk> at(Path home) {
        Path release = home.resolve("release");
        if (!Files.isRegularFile(release)
                || !Files.isExecutable(home.resolve("bin").resolve("java"))) {
            return Optional.empty();
        }
        try {
            Matcher version = VERSION.matcher(Files.readString(release));
            return version.find() ? Optional.of(new Jdk(Integer.parseInt(version.group(1)), home)) : Optional.empty();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    public String toString() {
        return "Java " + feature;
    }
}
