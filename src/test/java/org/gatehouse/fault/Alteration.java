package org.gatehouse.fault;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Compiles the application with one change in a source file, for nodes that run as separate processes.
 *
 * <p>The change either adds a delay where a {@code TcpProxy} cannot add one, or disables a mechanism. The application
 * does not need switches for tests. The changed text must occur exactly once in the file. Otherwise the
 * alteration fails.
 */
final class Alteration {
    private static final Path SOURCES = Path.of("src", "main", "java", "org", "gatehouse");
    private static final Path COMPILED = Path.of("target", "altered");

    /** A node may use a copy for 1 s without a report of Redis, so that a few operations surely happen in this time. */
    static final Alteration LONG_REPORT_TIME =
            new Alteration("store/RedisTopology.java", "Duration.ofMillis(5)", "Duration.ofSeconds(1)");

    /** A node stores a copy 300 ms after it has received the document. */
    static final Alteration SLOW_COPY = new Alteration(
            "cache/NearCache.java",
            "slots.asMap().replace(",
            "org.gatehouse.concurrent.Threads.sleep(java.time.Duration.ofMillis(300));\nslots.asMap().replace(");

    /** A read waits so long for the reply of Redis that a few operations surely happen in this time. */
    static final Alteration LONG_READ_TIMEOUT = new Alteration(
            "cache/DocumentCache.java",
            "READ_TIMEOUT = Duration.ofMillis(50)",
            "READ_TIMEOUT = Duration.ofSeconds(20)");

    /** A node removes a copy 100 ms after it has received the report. A longer time would exceed the timeout of changes. */
    static final Alteration SLOW_REPORT = new Alteration(
            "store/RedisNodeConnection.java", "if (message.getContent().get(1) instanceof List<?> keys) {", """
            org.gatehouse.concurrent.Threads.sleep(Duration.ofMillis(100));
            if (message.getContent().get(1) instanceof List<?> keys) {""");

    private final String file;
    private final String text;
    private final String replacement;

    /** @param file the path below org/gatehouse */
    Alteration(String file, String text, String replacement) {
        this.file = file;
        this.text = text;
        this.replacement = replacement;
    }

    /** Compiles the altered classes. Returns a class path on which they precede the original classes. */
    static String classPath(List<Alteration> alterations) {
        String classPath = System.getProperty("java.class.path");
        try {
            Files.createDirectories(COMPILED);
            Path classes = Files.createTempDirectory(COMPILED, "classes-");
            for (Alteration alteration : alterations) {
                alteration.compile(classes, classPath);
            }
            return classes + File.pathSeparator + classPath;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void compile(Path classes, String classPath) throws IOException {
        String altered = altered(Files.readString(SOURCES.resolve(file)));
        URI name = URI.create("string:///" + file);
        JavaFileObject source = new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignored) {
                return altered;
            }
        };
        StringWriter violations = new StringWriter();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> options = List.of(
                "-d", classes.toString(), "-cp", classPath, "-proc:none", "-parameters", "-nowarn", "--release", "17");
        if (!compiler.getTask(violations, null, null, options, null, List.of(source))
                .call()) {
            throw new AssertionError("the altered " + file + " does not compile: " + violations);
        }
    }

    private String altered(String original) {
        int at = original.indexOf(text);
        if (at < 0 || original.indexOf(text, at + 1) >= 0) {
            throw new AssertionError("this text must occur exactly once in " + file + ": " + text);
        }
        return original.replace(text, replacement);
    }
}
