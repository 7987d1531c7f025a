package org.gatehouse.http;

import io.prometheus.metrics.core.metrics.Histogram;
import jakarta.annotation.Priority;
import jakarta.servlet.ServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.security.Principal;
import java.util.Map;
import java.util.Optional;
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
 * One line for each request, when its answer has been sent: method, route, status, milliseconds, and the id of the user who
 * called, if a token told.
 *
 * <p>Those of the programs that watch the service are written at debug level only. Nothing that the client wrote is in it,
 * neither path, query, headers nor body: they may hold what must not be seen.
 */
@Priority(FilterOrder.ACCESS_LOG)
public final class AccessLog implements ContainerResponseFilter {
    /** Clients may write anything for a method. */
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE");

    private static final String OTHER = "other";

    private static final String BEGUN = AccessLog.class.getName();
    private static final String ANSWER = BEGUN + ".answer";
    private static final String WRITTEN = BEGUN + ".written";
    private static final Logger log = LoggerFactory.getLogger("org.gatehouse.access");

    /** What is refused for its method, types or headers although its path is known. */
    private static final Set<Integer> OF_KNOWN_PATHS = Set.of(400, 405, 406, 415);

    /** From a cached read in memory to the longest time that a store may take. */
    private static final double[] SECONDS = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

    private final Histogram durations;
    private final KnownPaths paths;
    private final Map<ResourceMethod, Route> routes = new ConcurrentHashMap<>();

    /** What an answer's line will say. */
    private record Answer(
            String method,
            Route route,
            int status,
            @Nullable String user) {}

    public AccessLog(Metrics metrics, KnownPaths paths) {
        this.durations = metrics.histogram(
                "gatehouse_http_request_duration_seconds",
                "From the arrival of a request to the head of its answer.",
                SECONDS,
                "method",
                "route",
                "status");
        this.paths = paths;
    }

    /** Notes when the work on a request begins, which may come again as its own error page. */
    static void begin(ServletRequest request) {
        if (request.getAttribute(BEGUN) == null) {
            request.setAttribute(BEGUN, System.nanoTime());
        }
    }

    /** Notes how Jersey answers a request; its properties are the attributes of the servlet's request. */
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Route route = MatchedMethod.of(request)
                .map(method -> routeTo(method, request))
                .or(() -> routeOfRefused(request.getUriInfo().getPath(), response.getStatus()))
                .orElse(Route.UNMATCHED);
        Principal caller = request.getSecurityContext().getUserPrincipal();
        Answer answer = new Answer(
                method(request.getMethod()), route, response.getStatus(), caller == null ? null : caller.getName());
        request.setProperty(ANSWER, answer);
        time(answer, nanosSince(request.getProperty(BEGUN)));
    }

    /** Notes an answer that Jersey does not make. */
    void answered(ServletRequest request, String method, String path, int status) {
        Answer answer = new Answer(method(method), routeOfRefused(path, status).orElse(Route.UNMATCHED), status, null);
        request.setAttribute(ANSWER, answer);
        time(answer, nanosSince(request.getAttribute(BEGUN)));
    }

    /** Whether it is known how the request is answered. */
    static boolean knowsAnswerOf(ServletRequest request) {
        return request.getAttribute(ANSWER) != null;
    }

    /** Writes the line of a request once its answer has been sent, or can be sent no further. */
    static void end(ServletRequest request) {
        if (request.getAttribute(ANSWER) instanceof Answer answer && request.getAttribute(WRITTEN) == null) {
            request.setAttribute(WRITTEN, true);
            long millis = TimeUnit.NANOSECONDS.toMillis(nanosSince(request.getAttribute(BEGUN)));
            boolean brokenOff = StreamedAnswer.isBroken(request)
                    || DisconnectableResponse.isDisconnected(request)
                    || IncomingBody.isBrokenOff(request);
            write(answer, millis, brokenOff);
        }
    }

    private static void write(Answer answer, long millis, boolean brokenOff) {
        LoggingEventBuilder line = answer.route().forOperators() ? log.atDebug() : log.atInfo();
        line = line.addKeyValue("method", answer.method())
                .addKeyValue("route", answer.route().template())
                .addKeyValue("status", answer.status())
                .addKeyValue("ms", millis);
        if (answer.user() != null) {
            line = line.addKeyValue("user", answer.user());
        }
        if (brokenOff) {
            line = line.addKeyValue("brokenOff", true);
        }
        line.log(
                "{} {} {} {} ms{}{}",
                answer.method(),
                answer.route().template(),
                answer.status(),
                millis,
                answer.user() == null ? "" : " by " + answer.user(),
                brokenOff ? ", broken off" : "");
    }

    /** @param nanos 0 if the container refused the request by itself */
    private void time(Answer answer, long nanos) {
        durations
                .labelValues(answer.method(), answer.route().template(), Integer.toString(answer.status()))
                .observe(Metrics.seconds(nanos));
    }

    private Route routeTo(ResourceMethod method, ContainerRequestContext request) {
        Route known = routes.get(method); // computing it even if it is there would lock
        return known == null ? routes.computeIfAbsent(method, matched -> Route.of(request, matched)) : known;
    }

    /** The path is known although none of its methods takes the request. */
    private Optional<Route> routeOfRefused(String path, int status) {
        return OF_KNOWN_PATHS.contains(status) ? paths.routeOf(path) : Optional.empty();
    }

    private static String method(String written) {
        return METHODS.contains(written) ? written : OTHER;
    }

    private static long nanosSince(@Nullable Object begun) {
        return begun instanceof Long start ? System.nanoTime() - start : 0;
    }
}
