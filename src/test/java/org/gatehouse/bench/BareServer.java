package org.gatehouse.bench;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * A Jetty with one servlet that sends a fixed response to every request. The throughput of this server is the upper
 * bound for every application in a Jetty.
 */
final class BareServer implements AutoCloseable {
    private final Server server = new Server();
    private final ServerConnector connector = new ServerConnector(server);

    private BareServer(Path recorded) throws IOException {
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(Replay.of(Files.readString(recorded))), "/*");
        server.setHandler(context);
        server.setStopTimeout(2_000);
    }

    /** @param recorded a file that contains a complete HTTP response, with status line and headers */
    static BareServer start(Path recorded) throws Exception {
        BareServer bare = new BareServer(recorded);
        bare.server.start();
        return bare;
    }

    int port() {
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

    private static final class Replay extends HttpServlet {
        private static final long serialVersionUID = 1L;

        /** The headers that Jetty adds to every response. */
        private static final Set<String> WRITTEN_BY_JETTY = Set.of("server", "date", "content-length");

        private final transient Map<String, String> headers;
        private final byte[] body;

        private Replay(Map<String, String> headers, byte[] body) {
            this.headers = headers;
            this.body = body;
        }

        static Replay of(String recorded) {
            int headEnd = recorded.indexOf("\r\n\r\n");
            List<String> head = recorded.substring(0, headEnd).lines().skip(1).toList();
            Map<String, String> headers = new LinkedHashMap<>();
            for (String line : head) {
                String[] parts = line.split(": ", 2);
                if (!WRITTEN_BY_JETTY.contains(parts[0].toLowerCase(Locale.ROOT))) {
                    headers.put(parts[0], parts[1]);
                }
            }
            return new Replay(headers, recorded.substring(headEnd + 4).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            for (Map.Entry<String, String> header : headers.entrySet()) {
                response.setHeader(header.getKey(), header.getValue());
            }
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        }
    }
}
