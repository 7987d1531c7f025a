package org.gatehouse.http;

import io.prometheus.metrics.core.metrics.Histogram;
import jakarta.servlet.ServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.security.Principal;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.gatehouse.metrics.Metrics;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs one line for each request after its response has been sent. The line contains the method, route, status,
 * duration in milliseconds, and the id of the authenticated user, if any.
 *
 * <p>Requests to {@link Operational} methods are logged at debug level only. A line never contains the path, query,
 * headers or body that the client sent, because these may be secret.
 */
final class AccessLog implements ContainerResponseFilter {
    /** A method outside this set is logged as {@code other}, because clients may send any text as a method. */
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE");

    private static final String OTHER = "other";

    private static final String BEGUN = AccessLog.class.getName();
    private static final String LINE = BEGUN + ".line";
    private static final String WRITTEN = BEGUN + ".written";
    private static final Logger log = LoggerFactory.getLogger("org.gatehouse.access");

    /** Statuses that do not rule out that the path exists. A wrong method, for example, leads to status 405. */
    private static final Set<Integer> KNOWN_PATH_STATUSES = Set.of(400, 405, 406, 415);

    /** The bounds of the buckets in seconds, from a read in memory to the longest time of a store call. */
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

    private final Histogram durations;
    private final KnownPaths paths;
    private final Map<ResourceMethod, Route> routes = new ConcurrentHashMap<>();

    private record Line(
            String method,
            Route route,
            int status,
            @Nullable String user) {}

    public AccessLog(Metrics metrics, KnownPaths paths) {
        this.durations = metrics.histogram(
                "gatehouse_http_request_duration_seconds",
                "Time from the arrival of a request until the head of its response.",
                SECONDS,
                "method",
                "route",
                "status");
        this.paths = paths;
    }

    /** Records the start of a request. If the container dispatches the request again, the first start is kept. */
    static void begin(ServletRequest request) {
        if (request.getAttribute(BEGUN) == null) {
            request.setAttribute(BEGUN, System.nanoTime());
        }
    }

    /** Records a response that Jersey creates. {@link #end} reads the property as a servlet request attribute. */
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Route route = MatchedMethod.of(request)
                .map(method -> routeTo(method, request))
                .orElseGet(() -> routeOfRejected(request.getUriInfo().getPath(), response.getStatus()));
        Principal caller = request.getSecurityContext().getUserPrincipal();
        Line line = new Line(
                method(request.getMethod()), route, response.getStatus(), caller == null ? null : caller.getName());
        request.setProperty(LINE, line);
        time(line, nanosSince(request.getProperty(BEGUN)));
    }

    /** Records a response that Jersey does not create. */
    void record(ServletRequest request, String method, String path, int status) {
        Line line = new Line(method(method), routeOfRejected(path, status), status, null);
        request.setAttribute(LINE, line);
        time(line, nanosSince(request.getAttribute(BEGUN)));
    }

    static boolean hasRecorded(ServletRequest request) {
        return request.getAttribute(LINE) != null;
    }

    /** Writes the line of a request after its response has been sent or the client has disconnected. */
    static void end(ServletRequest request) {
        if (request.getAttribute(LINE) instanceof Line line && request.getAttribute(WRITTEN) == null) {
            request.setAttribute(WRITTEN, true);
            long millis = TimeUnit.NANOSECONDS.toMillis(nanosSince(request.getAttribute(BEGUN)));
            boolean incomplete = StreamedResponse.isBroken(request)
                    || DisconnectableResponse.isDisconnected(request)
                    || IncomingBody.isDisconnected(request);
            write(line, millis, incomplete);
        }
    }

    private static void write(Line line, long millis, boolean incomplete) {
        LoggingEventBuilder event = line.route().operational() ? log.atDebug() : log.atInfo();
        event = event.addKeyValue("method", line.method())
                .addKeyValue("route", line.route().template())
                .addKeyValue("status", line.status())
                .addKeyValue("ms", millis);
        if (line.user() != null) {
            event = event.addKeyValue("user", line.user());
        }
        if (incomplete) {
            event = event.addKeyValue("brokenOff", true);
        }
        // Logback would format the message more slowly. It does not change this message, which has no arguments.
        event.log(line.method() + " " + line.route().template() + " " + line.status() + " " + millis + " ms"
                + (line.user() == null ? "" : " by " + line.user())
                + (incomplete ? ", connection ended early" : ""));
    }

    /** @param nanos the duration; 0 if the container rejected the request before the application received it */
    private void time(Line line, long nanos) {
        durations
                .labelValues(line.method(), line.route().template(), Integer.toString(line.status()))
                .observe(Metrics.seconds(nanos));
    }

    private Route routeTo(ResourceMethod method, ContainerRequestContext request) {
        Route known = routes.get(method); // computeIfAbsent may lock even if the key is present
        return known == null ? routes.computeIfAbsent(method, matched -> Route.of(request, matched)) : known;
    }

    /** Returns the route of a request that was not matched to a resource method. */
    private Route routeOfRejected(String path, int status) {
        return KNOWN_PATH_STATUSES.contains(status) ? paths.routeOf(path).orElse(Route.UNMATCHED) : Route.UNMATCHED;
    }

    private static String method(String written) {
        return METHODS.contains(written) ? written : OTHER;
    }

    private static long nanosSince(@Nullable Object begun) {
        return begun instanceof Long start ? System.nanoTime() - start : 0;
    }
}
