package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Notes the {@link Origin} of each request. */
@Priority(2)
public final class OriginFilter implements ContainerRequestFilter {
    @Context
    private @Nullable HttpServletRequest servletRequest;

    @Override
    public void filter(ContainerRequestContext request) {
        String userAgent = Optional.ofNullable(request.getHeaderString(HttpHeaders.USER_AGENT))
                .orElse("");
        String peer = Objects.requireNonNull(servletRequest, "injected").getRemoteAddr();
        new Origin(
                        peer,
                        userAgent.substring(0, Math.min(userAgent.length(), Origin.MAX_USER_AGENT)),
                        Objects.requireNonNullElse(RequestId.current(), ""))
                .attachTo(request);
    }
}
