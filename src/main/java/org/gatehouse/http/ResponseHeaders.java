package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.List;

/**
 * Headers that every answer has: its length, its request id, and that nobody may store it, for most hold a user or a
 * token.
 */
@Priority(Priorities.HEADER_DECORATOR) // after the ErrorMapper, which may still give an answer its body
public final class ResponseHeaders implements ContainerResponseFilter {
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        MultivaluedMap<String, Object> headers = response.getHeaders();
        if (response.getEntity() instanceof byte[] body) {
            headers.putSingle(HttpHeaders.CONTENT_LENGTH, body.length);
        }
        headers.putSingle(RequestId.HEADER, RequestId.current());
        headers.putSingle("X-Content-Type-Options", "nosniff");
        headers.computeIfAbsent(HttpHeaders.CACHE_CONTROL, absent -> List.of("no-store"));
    }
}
