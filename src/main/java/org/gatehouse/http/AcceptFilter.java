package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;

/**
 * Adds all media types to {@code Accept} if a client accepts {@code application/problem+json}. The client names that
 * type to choose the error format, not to exclude other responses.
 *
 * <p>For {@code /check}, the header is ignored, because a proxy copies it from the request for another resource.
 */
@PreMatching
final class AcceptFilter implements ContainerRequestFilter {
    private static final String ANYTHING_ELSE = "*/*;q=0.001";

    private static final String CHECK = "check";

    @Override
    public void filter(ContainerRequestContext request) {
        if (request.getUriInfo().getPath().equals(CHECK)) {
            request.getHeaders().putSingle(HttpHeaders.ACCEPT, MediaType.WILDCARD);
            return;
        }
        if (ErrorBody.names(request.getHeaderString(HttpHeaders.ACCEPT))) {
            request.getHeaders().add(HttpHeaders.ACCEPT, ANYTHING_ELSE);
        }
    }
}
