package org.gatehouse.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bson.Document;
import org.junit.jupiter.api.Test;

/**
 * Measures the packaged WAR and writes the figures to {@code target/bench.json} and {@code target/bench.html}.
 *
 * <p>{@code -Dgatehouse.bench.scale=3} triples the duration of the benchmark.
 * {@code -Dgatehouse.bench.only=hit,patch} runs only the named measurements.
 */
class Benchmark {
    private static final Path TARGET = Path.of("target");

    private final Figures figures = new Figures();

    @Test
    void everyResponseIsCorrectAndTheFiguresAreWritten() throws IOException {
        noteMachine();
        if (isWanted("size")) {
            new SizeBench(figures).ofEachServer();
        }
        if (isWanted("guard")) {
            new GuardBench(TARGET.resolve("bench")).measure(figures);
        }
        if (isAnyWanted("hit", "miss", "patch", "nodes", "login", "page")) {
            speed();
        }
        figures.note("load average at the end", loadAverage());
        Path json = Files.write(TARGET.resolve("bench.json"), figures.json());
        Path html = Files.writeString(TARGET.resolve("bench.html"), HtmlPage.of(figures));
        System.out.println(figures.table());
        System.out.println(json + " and " + html + " are written");
        assertThat(figures.comparisons()).isNotEmpty();
    }

    private void speed() throws IOException {
        try (Scene scene = Scene.create(TARGET.resolve("bench"))) {
            noteStores(scene);
            if (isWanted("hit")) {
                figures.addAll(new WarmUpBench(scene).firstSecondsBesideWarm());
                new ReadBench(scene).cached(figures);
            }
            if (isWanted("patch")) {
                try (PatchBench patch = new PatchBench(scene)) {
                    figures.addAll(patch.besideDriver());
                    figures.add(patch.oneAtATime());
                }
            }
            if (isWanted("nodes")) {
                try (TwoNodeBench nodes = new TwoNodeBench(scene)) {
                    nodes.measure(figures);
                }
            }
            scene.addAllUsers();
            if (isWanted("miss")) {
                figures.addAll(new ReadBench(scene).otherUserNotCached());
            }
            if (isWanted("login")) {
                try (LoginBench login = new LoginBench(scene)) {
                    login.measure(figures);
                }
            }
            if (isWanted("page")) {
                figures.addAll(new PageBench(scene).lastPageBesideFirst());
            }
        }
    }

    private static boolean isAnyWanted(String... parts) {
        return Arrays.stream(parts).anyMatch(Benchmark::isWanted);
    }

    private static boolean isWanted(String part) {
        Set<String> only = Arrays.stream(
                        System.getProperty("gatehouse.bench.only", "").split(","))
                .filter(Predicate.not(String::isBlank))
                .collect(Collectors.toSet());
        return only.isEmpty() || only.contains(part);
    }

    private void noteMachine() throws IOException {
        figures.note("begun", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        figures.note("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
        figures.note("processor", processor());
        figures.note("Java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
        figures.note("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        figures.note("load average before", loadAverage());
    }

    private static String processor() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(file)) {
            return System.getProperty("os.arch");
        }
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
    }

    private static String loadAverage() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? "not known" : String.format(Locale.ROOT, "%.2f", load);
    }

    /**
     * Records the kind and version of the stores, because the figures of lists and writes depend on the stores. For
     * example, embedded MongoDB lacks range indexes and scans all users for each page.
     */
    private void noteStores(Scene scene) {
        Document mongo = scene.stores().command(new Document("buildInfo", 1));
        boolean embedded = scene.stores().isEmbedded();
        figures.note(
                "MongoDB",
                (embedded ? "mongo-java-server in the process of the load generator, without range indexes; says " : "")
                        + mongo.get("version"));
        figures.note("Redis", "a separate redis-server process");
        figures.note("connections", Scene.CONNECTIONS + ", kept open; the load generator is one more process");
        figures.note("users", Integer.toString(Scene.USERS));
    }
}
