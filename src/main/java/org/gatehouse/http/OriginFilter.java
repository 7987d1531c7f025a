package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Objects;
import java.util.Optional;
import org.glassfish.jersey.internal.util.collection.Ref;
import org.jspecify.annotations.Nullable;

/** Notes the {@link Origin} of each request. */
@Priority(2)
public final class OriginFilter implements ContainerRequestFilter {
    // A reference, not the request itself: for that, HK2 would make a proxy class, and where the container's class path
    // also holds an HK2, as that of the tests does, it mixes the two up.
    @Inject
    private @Nullable Provider<Ref<HttpServletRequest>> servletRequest;

    @Override
    public void filter(ContainerRequestContext request) {
        String userAgent = Optional.ofNullable(request.getHeaderString(HttpHeaders.USER_AGENT))
                .orElse("");
        String peer =
                Objects.requireNonNull(servletRequest, "injected").get().get().getRemoteAddr();
        new Origin(
                        peer,
                        userAgent.substring(0, Math.min(userAgent.length(), Origin.MAX_USER_AGENT)),
                        Objects.requireNonNullElse(RequestId.current(), ""))
                .attachTo(request);
    }
}
