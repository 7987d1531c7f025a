package org.gatehouse.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import redis.embedded.core.ExecutableProvider;

/** A separate {@code redis-server} process on the loopback address. */
public final class EmbeddedRedis implements AutoCloseable {
    private static final long START_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);
    /**
     * Serializes the creation of the binary and the start of a process. A process that is forked while the binary is
     * written inherits the open file. Then the operating system refuses to run the binary.
     */
    private static final Object FORK = new Object();

    private static final Duration PING_TIMEOUT = Duration.ofMillis(200);

    private static final int FIRST_PORT = 20_000;
    private static final int PORTS = 12_000;

    /** Begins at random, because several processes of tests may run at the same time. */
    private static final AtomicInteger nextPort = new AtomicInteger(new SecureRandom().nextInt(PORTS));

    private final Path folder;
    private final int port;
    private final List<String> options;
    private final Thread atExit = new Thread(this::kill, "redis-at-exit");
    private Process process;

    private EmbeddedRedis(Path folder, int port, List<String> options) {
        this.folder = folder;
        this.port = port;
        this.options = options;
        this.process = launch();
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts a server on a free port and waits until the server replies. The folder contains the server's binary, log
     * and process id.
     */
    public static EmbeddedRedis start(Path folder) {
        return start(folder, "--save", "", "--appendonly", "no");
    }

    /** Starts a server with these options. Without options, persistence is disabled. */
    public static EmbeddedRedis start(Path folder, String... options) {
        return start(folder, freePort(), options);
    }

    /** Starts a server on the given port. Use this method if other servers already know the port. */
    public static EmbeddedRedis start(Path folder, int port, String... options) {
        return new EmbeddedRedis(folder, port, List.of(options));
    }

    public int port() {
        return port;
    }

    /** Returns the address of the server in the format of the setting {@code REDIS_URL}. */
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** Kills the server immediately, as a crash does. */
    public void kill() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Pauses the process until a call of {@link #resume}. Connections stay open but receive no replies. */
    public void pause() {
        signal("-STOP");
    }

    /** Resumes a paused process. */
    public void resume() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            Process sending;
            synchronized (FORK) {
                sending = new ProcessBuilder("kill", signal, Long.toString(process.pid())).start();
            }
            int status = sending.waitFor();
            if (status != 0) {
                throw new IllegalStateException("kill " + signal + " ended with " + status);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Restarts the server on the same port. The server loses its data, unless its options enable persistence. */
    public void restart() {
        kill();
        process = launch();
    }

    @Override
    public void close() {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException exitingAlready) {
            // The JVM is shutting down, and its shutdown hook kills the server.
        }
    }

    private Process launch() {
        try {
            Files.createDirectories(folder);
            Path pidFile = folder.resolve("redis.pid");
            endLeftover(pidFile);
            Path log = folder.resolve("redis.log");
            Process started = fork(log);
            Files.writeString(pidFile, Long.toString(started.pid()));
            awaitReply(started, log);
            return started;
        } catch (IOException failed) {
            throw new UncheckedIOException("redis-server did not start", failed);
        }
    }

    private Process fork(Path log) throws IOException {
        synchronized (FORK) {
            Path binary = ExecutableProvider.newJarResourceProvider(folder.toFile())
                    .get()
                    .toPath();
            List<String> command =
                    new ArrayList<>(List.of(binary.toAbsolutePath().toString()));
            options.stream().filter(option -> option.endsWith(".conf")).forEach(command::add);
            command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
            command.addAll(List.of("--dir", folder.toAbsolutePath().toString()));
            options.stream().filter(option -> !option.endsWith(".conf")).forEach(command::add);
            return CleanEnvironment.of(new ProcessBuilder(command))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        }
    }

    /**
     * Ends the server of an earlier run in this folder. The earlier run may have been killed before it ended its
     * server.
     */
    private static void endLeftover(Path pidFile) throws IOException {
        if (Files.exists(pidFile)) {
            ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip()))
                    .filter(process -> process.info().command().orElse("").contains("redis-server"))
                    .ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private void awaitReply(Process started, Path log) throws IOException {
        long deadline = System.nanoTime() + START_TIMEOUT_NANOS;
        while (started.isAlive() && System.nanoTime() < deadline) {
            if (repliesWithin(PING_TIMEOUT)) {
                return;
            }
        }
        started.destroyForcibly();
        throw new IOException("redis-server did not reply; its log:\n" + Files.readString(log));
    }

    /** Returns whether the server replies within the limit. A paused server accepts connections but does not reply. */
    public boolean repliesWithin(Duration limit) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) limit.toMillis());
            socket.setSoTimeout((int) limit.toMillis());
            socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] reply = new byte[7];
            int length = socket.getInputStream().read(reply);
            // A ready server replies +PONG, or -NOAUTH if it requires a password. A server that still loads its data
            // replies -LOADING.
            return length > 0 && (reply[0] == '+' || new String(reply, StandardCharsets.US_ASCII).equals("-NOAUTH"));
        } catch (IOException notYet) {
            return false;
        }
    }

    /**
     * Returns a port on which no process listens at this time. A process returns each port once. The ports are below
     * those that systems give to connections, so that no connection takes the port before a server binds it.
     */
    public static int freePort() {
        while (true) {
            int port = FIRST_PORT + Math.floorMod(nextPort.getAndIncrement(), PORTS);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException used) {
                // The next port may be free.
            }
        }
    }
}
