package org.gatehouse.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.gatehouse.dev.CleanEnvironment;

/** A process with a {@link BenchServer}. The output of the process goes to a file, as on a production server. */
final class ServerProcess implements AutoCloseable {
    /** All servers have the same heap size, which does not depend on the machine. */
    private static final List<String> MEMORY = List.of("-Xms1g", "-Xmx1g");

    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);

    private final Process process;
    private final int port;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts a server and waits until it accepts requests.
     *
     * @param name the name of the log of the server
     * @param folder the folder for the log
     * @param arguments the arguments of {@link BenchServer#main}, without the kind and the file for the port
     */
    static ServerProcess start(
            BenchServer.Kind kind, String name, Path folder, Map<String, String> environment, String... arguments)
            throws IOException {
        Files.createDirectories(folder);
        Path portFile = folder.resolve(name + ".port").toAbsolutePath();
        Files.deleteIfExists(portFile);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(MEMORY);
        if (name.equals(Scene.WAR)) {
            command.addAll(profiler());
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add("-Dgatehouse.war=" + System.getProperty("gatehouse.war", "target/gatehouse.war"));
        command.addAll(List.of(BenchServer.class.getName(), kind.name(), portFile.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = CleanEnvironment.of(new ProcessBuilder(command))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            return new ServerProcess(process, port(process, portFile));
        } catch (IOException failed) {
            process.destroyForcibly();
            throw failed;
        }
    }

    /**
     * Returns the JVM options that apply only to the main process of the WAR, such as options that start a flight recording.
     */
    private static List<String> profiler() {
        String options = System.getProperty("gatehouse.bench.jvm", "");
        return options.isBlank() ? List.of() : List.of(options.strip().split(" "));
    }

    private static int port(Process process, Path portFile) throws IOException {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (!Files.exists(portFile)) {
            if (System.nanoTime() > deadline || exits(process)) {
                throw new IOException("The server did not start; see the log in " + portFile.getParent());
            }
        }
        return Integer.parseInt(Files.readString(portFile));
    }

    private static boolean exits(Process process) throws IOException {
        try {
            return process.waitFor(50, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    int port() {
        return port;
    }

    /** Returns the processor time that the server has used so far, in nanoseconds. */
    long processorNanos() {
        return processorNanos(process.info());
    }

    /** Returns the processor time that this process has used so far, in nanoseconds. */
    static long ownProcessorNanos() {
        return processorNanos(ProcessHandle.current().info());
    }

    private static long processorNanos(ProcessHandle.Info process) {
        return process.totalCpuDuration()
                .orElseThrow(
                        () -> new IllegalStateException("The system does not report the processor time of a process"))
                .toNanos();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
