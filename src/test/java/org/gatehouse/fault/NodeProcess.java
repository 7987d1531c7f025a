package org.gatehouse.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.gatehouse.dev.CleanEnvironment;
import org.gatehouse.war.ServiceClient;

/** A node that runs as a separate process. Tests can pause and kill this process. See {@link NodeMain}. */
public final class NodeProcess extends ServiceClient {
    private static final Path LOGS = Path.of("target", "fault-nodes");

    private final Process process;
    private final int port;

    private NodeProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts a node with the class path of this process and a heap of 192 MB. */
    public static NodeProcess start(Map<String, String> settings) {
        return start(settings, System.getProperty("java.class.path"));
    }

    static NodeProcess start(Map<String, String> settings, String classPath) {
        try {
            Files.createDirectories(LOGS);
            Path log = Files.createTempFile(LOGS, "node-", ".log");
            Process process = CleanEnvironment.of(new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx192m",
                            "-XX:+UseSerialGC",
                            // The process runs only for seconds, so a fast start matters most.
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            classPath,
                            NodeMain.class.getName())))
                    .redirectError(log.toFile())
                    .start();
            return new NodeProcess(process, sendSettings(process, settings, log));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Sends the settings to the process and returns the port of the node. */
    private static int sendSettings(Process process, Map<String, String> settings, Path log) throws IOException {
        StringBuilder lines = new StringBuilder();
        settings.forEach(
                (name, value) -> lines.append(name).append('=').append(value).append('\n'));
        process.getOutputStream().write(lines.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        String port =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (port == null) {
            process.destroyForcibly();
            throw new IOException("The node did not start:\n" + Files.readString(log));
        }
        return Integer.parseInt(port);
    }

    /** Pauses the process until a call of {@link #resume}. Connections stay open but receive no replies. */
    void pause() {
        signal("-STOP");
    }

    void resume() {
        signal("-CONT");
    }

    /** Kills the process immediately, as {@code kill -9} does. */
    void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void signal(String signal) {
        try {
            int status = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("kill " + signal + " ended with " + status);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String baseUri() {
        return "http://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        kill();
    }
}
