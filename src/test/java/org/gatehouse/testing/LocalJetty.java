package org.gatehouse.testing;

import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A Jetty in this process, on a free port of the loopback address. */
public final class LocalJetty implements AutoCloseable {
    /** Long enough for the requests of a busy machine. */
    private static final long STOP_TIMEOUT_MS = 30_000;

    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);

    public LocalJetty(Handler application) {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(application);
        server.setStopTimeout(STOP_TIMEOUT_MS);
    }

    public void start() throws Exception {
        server.start();
    }

    public int port() {
        return connector.getLocalPort();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception failed) {
            throw new IllegalStateException("Jetty did not stop", failed);
        }
    }
}
