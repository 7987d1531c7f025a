package org.gatehouse.bench;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.gatehouse.guard.GuardFilter;
import org.gatehouse.testing.LocalJetty;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;

/**
 * A Jetty that sends a recorded response to every request. The throughput of this server is the upper bound for every
 * application in a Jetty, or for every application of Jersey in a Jetty.
 */
final class ReferenceServer {
    private ReferenceServer() {}

    /**
     * Returns a Jetty with one servlet that writes the headers and the body.
     *
     * @param recorded a complete HTTP response, with status line and headers
     */
    static LocalJetty bare(String recorded) {
        return serving(Replay.of(recorded));
    }

    /** Returns the Jetty of {@link #bare} behind the filter for other web applications. */
    static LocalJetty guarded(String recorded, String issuer, String mode) {
        ServletContextHandler context = new ServletContextHandler("/");
        FilterHolder filter = new FilterHolder(new GuardFilter());
        filter.setInitParameters(
                Map.of("issuer", issuer, "mode", mode, "client-id", "bench", "client-secret", "bench"));
        context.addFilter(filter, "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(Replay.of(recorded)), "/*");
        return new LocalJetty(context);
    }

    /**
     * Returns a Jetty with one Jersey resource, in Jersey's default configuration, that returns the body. It does not
     * send the additional headers of the recorded response, because a default resource does not send them.
     */
    static LocalJetty jersey(String recorded) {
        BodyResource.body = bodyOf(recorded);
        return serving(new ServletContainer(new ResourceConfig(BodyResource.class)));
    }

    private static LocalJetty serving(Servlet servlet) {
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(new ServletHolder(servlet), "/*");
        return new LocalJetty(context);
    }

    private static String bodyOf(String recorded) {
        return recorded.substring(recorded.indexOf("\r\n\r\n") + 4);
    }

    /** Jersey creates an instance for each request, as for every resource class without a scope. */
    @Path("user/{id}")
    public static final class BodyResource {
        private static String body = "";

        @GET
        @Produces(MediaType.APPLICATION_JSON)
        public String get() {
            return body;
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
            List<String> head = recorded.substring(0, recorded.indexOf("\r\n\r\n"))
                    .lines()
                    .skip(1)
                    .toList();
            Map<String, String> headers = new LinkedHashMap<>();
            for (String line : head) {
                String[] parts = line.split(": ", 2);
                if (!WRITTEN_BY_JETTY.contains(parts[0].toLowerCase(Locale.ROOT))) {
                    headers.put(parts[0], parts[1]);
                }
            }
            return new Replay(headers, bodyOf(recorded).getBytes(StandardCharsets.UTF_8));
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
