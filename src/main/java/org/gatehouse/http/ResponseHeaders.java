package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MultivaluedMap;
import java.util.List;

/** Headers that every answer has: its request id, and that nobody may store it, for most hold a user or a token. */
public final class ResponseHeaders implements ContainerResponseFilter {
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        MultivaluedMap<String, Object> headers = response.getHeaders();
        headers.putSingle(RequestId.HEADER, RequestId.current());
        headers.putSingle("X-Content-Type-Options", "nosniff");
        headers.computeIfAbsent(HttpHeaders.CACHE_CONTROL, absent -> List.of("no-store"));
    }
}
