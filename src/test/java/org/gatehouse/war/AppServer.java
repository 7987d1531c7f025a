package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.dev.CleanEnvironment;
import org.gatehouse.dev.EmbeddedRedis;

/**
 * An unmodified server distribution in its own process, as an operator runs it. The server process ends when this
 * process ends.
 */
public final class AppServer implements AutoCloseable {
    private static final Path BASES = Path.of("target", "container-bases");

    /** The time limit for a start, long enough for a heavily loaded machine. */
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);
    private static final int MAX_LOG_CHARS = 6_000;
    private static final int READ_TIMEOUT_MS = 60_000;

    /** The folders that contain packed or unpacked copies of the WAR. */
    private static final List<String> UNPACKED = List.of("temp", "webapps", "work");

    private final Process process;
    private final Path base;
    private final int port;
    private final Thread atExit;

    private AppServer(Process process, Path base, int port) {
        this.process = process;
        this.base = base;
        this.port = port;
        this.atExit = new Thread(process::destroyForcibly, "container-at-exit");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Starts a server with these applications. Does not wait until the applications are ready. */
    static AppServer start(
            Distribution distribution, Jdk jdk, Map<String, String> environment, List<Deployment> applications) {
        return start(distribution, jdk, environment, base(distribution, applications));
    }

    /** Creates a base folder with these applications. */
    public static Path base(Distribution distribution, List<Deployment> applications) {
        try {
            Files.createDirectories(BASES);
            Path base = Files.createTempDirectory(BASES, distribution + "-").toAbsolutePath();
            distribution.makeBase(base);
            for (Deployment application : applications) {
                distribution.deploy(base, application);
            }
            return base;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Starts a server on a base folder. Does not wait until its applications are ready. */
    static AppServer start(Distribution distribution, Jdk jdk, Map<String, String> environment, Path base) {
        return start(distribution, jdk, environment, base, Distribution.FAST_START);
    }

    /** Starts a server on a base folder with these JVM options. Spaces separate the options. */
    public static AppServer start(
            Distribution distribution, Jdk jdk, Map<String, String> environment, Path base, String jvm) {
        return start(distribution, jdk, environment, base, jvm, EmbeddedRedis.freePort());
    }

    /** Starts a server on a port that its settings contain. Does not wait until its applications are ready. */
    static AppServer start(Distribution distribution, List<Deployment> applications, int port) {
        Path base = base(distribution, applications);
        return start(distribution, Jdk.own(), Map.of(), base, Distribution.FAST_START, port);
    }

    private static AppServer start(
            Distribution distribution, Jdk jdk, Map<String, String> environment, Path base, String jvm, int port) {
        ProcessBuilder builder = CleanEnvironment.of(new ProcessBuilder(distribution.command(jdk, base, port, jvm)))
                .directory(base.toFile())
                .redirectErrorStream(true)
                .redirectOutput(base.resolve("console.log").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CATALINA_") || name.startsWith("JAVA_"));
        builder.environment().putAll(distribution.environment(jdk, base, port, jvm));
        builder.environment().putAll(environment);
        try {
            return new AppServer(builder.start(), base, port);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public Path base() {
        return base;
    }

    String uri() {
        return "http://127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    /**
     * Returns the resident set size of the server process, in bytes.
     *
     * @throws IllegalStateException if the system is not Linux, because only Linux reports the size in this form
     */
    public long residentBytes() {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("the process has ended"));
        } catch (IOException missing) {
            throw new IllegalStateException("the system does not report the memory of a process", missing);
        }
    }

    /** Waits until the application under this context path is ready. Returns a client for the application. */
    public ServiceClient awaitReady(String contextPath) {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (!isReady(uri() + contextPath)) {
            if (System.nanoTime() > deadline || exits()) {
                throw new AssertionError(contextPath + " did not become ready; the end of the log:\n" + endOfLog());
            }
        }
        return new Service(uri() + contextPath);
    }

    /** Waits until the server sends any response. */
    public void awaitResponse() {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (status(uri() + "/") == 0) {
            if (System.nanoTime() > deadline || exits()) {
                throw new AssertionError("The server does not respond; the end of the log:\n" + endOfLog());
            }
        }
    }

    /** Waits until the log contains the text at least this many times. */
    void awaitLog(String text, int times) {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (log().split(Pattern.quote(text), -1).length <= times) {
            if (System.nanoTime() > deadline || exits()) {
                throw new AssertionError("\"" + text + "\" is not in the log, which ends with:\n" + endOfLog());
            }
        }
    }

    private boolean exits() {
        try {
            return process.waitFor(50, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Returns the output of the process, which contains the logs of the server and its applications. */
    String log() {
        try {
            return Files.readString(base.resolve("console.log"));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private String endOfLog() {
        String log = log();
        return log.substring(Math.max(0, log.length() - MAX_LOG_CHARS));
    }

    /** Sends the signal SIGTERM, as a system does at its shutdown. Does not wait until the process ends. */
    void terminate() {
        process.destroy();
    }

    /** Terminates the server and waits until its process ends. The log remains readable. */
    void stop() {
        terminate();
        try {
            if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("did not end within " + STOP_TIMEOUT + ":\n" + endOfLog());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            for (String unpacked : UNPACKED) {
                delete(base.resolve(unpacked)); // the logs are in other folders and remain
            }
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException exitingAlready) {
            // The JVM is shutting down, so the hook cannot be removed. The hook then has no effect, because the process
            // has ended.
        } catch (IOException undeletable) {
            throw new UncheckedIOException(undeletable);
        }
    }

    /** Requests the public keys. This request needs no token, and succeeds only after the stores have been prepared. */
    private static boolean isReady(String service) {
        return status(service + "/.well-known/jwks.json") == HttpURLConnection.HTTP_OK;
    }

    /** Returns the status of a response, or 0 if the server does not respond. */
    private static int status(String uri) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(uri).toURL().openConnection();
            connection.setReadTimeout(READ_TIMEOUT_MS);
            return connection.getResponseCode();
        } catch (IOException notYet) {
            return 0;
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static final class Service extends ServiceClient {
        private final String uri;

        Service(String uri) {
            this.uri = uri;
        }

        @Override
        protected String baseUri() {
            return uri;
        }

        @Override
        public void close() {
            // The test closes the server itself.
        }
    }
}
