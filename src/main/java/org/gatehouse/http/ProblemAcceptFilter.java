package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;

/**
 * Adds all media types to {@code Accept} if a client accepts {@code application/problem+json}. The client names that
 * type to choose the error format, not to exclude other responses.
 */
@PreMatching
final class ProblemAcceptFilter implements ContainerRequestFilter {
    private static final String ANYTHING_ELSE = "*/*;q=0.001";

    @Override
    public void filter(ContainerRequestContext request) {
        if (ErrorBody.names(request.getHeaderString(HttpHeaders.ACCEPT))) {
            request.getHeaders().add(HttpHeaders.ACCEPT, ANYTHING_ELSE);
        }
    }
}
