package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;

/**
 * Lets a client that names {@code application/problem+json} have every answer: the name says how it wants errors, not
 * that it could do without the rest.
 */
@PreMatching
public final class AcceptFilter implements ContainerRequestFilter {
    private static final String ANYTHING_ELSE = "*/*;q=0.001";

    @Override
    public void filter(ContainerRequestContext request) {
        if (ErrorBody.names(request.getHeaderString(HttpHeaders.ACCEPT))) {
            request.getHeaders().add(HttpHeaders.ACCEPT, ANYTHING_ELSE);
        }
    }
}
