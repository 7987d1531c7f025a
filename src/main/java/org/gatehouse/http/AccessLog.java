package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each request: method, path, status, milliseconds.
 *
 * <p>Neither query, headers nor body are written: they may hold what must not be seen.
 */
@PreMatching
@Priority(0)
public final class AccessLog implements ContainerRequestFilter, ContainerResponseFilter {
    private static final String STARTED = AccessLog.class.getName();
    private static final Logger log = LoggerFactory.getLogger("org.gatehouse.access");

    @Override
    public void filter(ContainerRequestContext request) {
        request.setProperty(STARTED, System.nanoTime());
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Object started = request.getProperty(STARTED);
        long nanos = started instanceof Long start ? System.nanoTime() - start : 0;
        log.info(
                "{} {} {} {} ms",
                request.getMethod(),
                request.getUriInfo().getRequestUri().getRawPath(),
                response.getStatus(),
                TimeUnit.NANOSECONDS.toMillis(nanos));
        RequestId.forget();
    }
}
