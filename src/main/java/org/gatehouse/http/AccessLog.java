package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.servlet.ServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each request: method, path, status, milliseconds.
 *
 * <p>Those of the programs that watch the service are written at debug level only. Neither query, headers nor body are written: they may hold what must not be seen.
 */
@PreMatching
@Priority(0)
public final class AccessLog implements ContainerRequestFilter, ContainerResponseFilter {
    private static final String STARTED = AccessLog.class.getName();
    private static final String LINE = "{} {} {} {} ms";
    private static final String ANSWERED = STARTED + ".answered";
    private static final Logger log = LoggerFactory.getLogger("org.gatehouse.access");

    private final RequestObserver observer;
    private final Map<ResourceMethod, Route> routes = new ConcurrentHashMap<>();

    public AccessLog(RequestObserver observer) {
        this.observer = observer;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        request.setProperty(STARTED, System.nanoTime());
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Object started = request.getProperty(STARTED);
        long nanos = started instanceof Long start ? System.nanoTime() - start : 0;
        Route route = MatchedMethod.of(request)
                .map(method -> routeTo(method, request))
                .orElse(Route.UNMATCHED);
        write(
                route,
                request.getMethod(),
                request.getUriInfo().getRequestUri().getRawPath(),
                response.getStatus(),
                TimeUnit.NANOSECONDS.toMillis(nanos));
        request.setProperty(ANSWERED, true);
        RequestId.forget();
        observer.answered(request.getMethod(), route.template(), response.getStatus(), nanos);
    }

    private Route routeTo(ResourceMethod method, ContainerRequestContext request) {
        Route known = routes.get(method); // computing it even if it is there would lock
        return known == null ? routes.computeIfAbsent(method, matched -> Route.of(request, matched)) : known;
    }

    static void write(Route route, String method, String path, int status, long millis) {
        if (route.forOperators()) {
            log.debug(LINE, method, path, status, millis);
        } else {
            log.info(LINE, method, path, status, millis);
        }
    }

    /** Whether Jersey took the request up, so that its answer went through the filters; then it has its line. */
    static boolean hasSeenAnswerOf(ServletRequest request) {
        // Jersey's properties are the attributes of the servlet's request.
        return request.getAttribute(ANSWERED) != null;
    }
}
