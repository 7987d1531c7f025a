package org.gatehouse.dev;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.h2.mvstore.MVStoreException;
import org.slf4j.LoggerFactory;

/**
 * A server in this process that implements MongoDB's wire protocol. It listens on the loopback address, by default on a
 * free port.
 */
public final class EmbeddedMongo implements AutoCloseable {
    static {
        silence();
    }

    private static final int ANY_PORT = 0;

    /**
     * If the process is killed, the writes of the last 50 ms may be lost. With the default delay, the writes of the
     * last second would be lost.
     */
    private static final int COMMIT_DELAY_MS = 50;

    private final H2Backend backend;
    private final MongoServer server;
    private final String uri;

    private EmbeddedMongo(H2Backend backend, int port) {
        this.backend = backend;
        this.server = new MongoServer(backend);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        this.uri = server.getConnectionString();
    }

    /**
     * Disables the log of the server. The log would contain each connection, each unsupported index and each rejected
     * write.
     */
    public static void silence() {
        ((Logger) LoggerFactory.getLogger("de.bwaldvogel")).setLevel(Level.OFF);
    }

    /** Returns a server that loses its data when it is closed. */
    public static EmbeddedMongo inMemory() {
        return inMemory(ANY_PORT);
    }

    /** Returns an in-memory server on the given port. */
    public static EmbeddedMongo inMemory(int port) {
        return new EmbeddedMongo(H2Backend.inMemory(), port);
    }

    /**
     * Returns a server that keeps its data in this file.
     *
     * @throws IllegalStateException if another process has the file open
     */
    public static EmbeddedMongo onFile(Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            H2Backend backend = new H2Backend(file.toString());
            backend.getMvStore().setAutoCommitDelay(COMMIT_DELAY_MS);
            return new EmbeddedMongo(backend, ANY_PORT);
        } catch (MVStoreException locked) {
            throw new IllegalStateException(
                    "The development database " + file + " is in use; is Gatehouse running already?", locked);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    /** Returns the connection string. */
    public String uri() {
        return uri;
    }

    @Override
    public void close() {
        server.shutdownNow();
        backend.close();
    }
}
