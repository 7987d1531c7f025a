package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.inject.Inject;
import jakarta.inject.Provider;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.glassfish.jersey.internal.util.collection.Ref;
import org.jspecify.annotations.Nullable;

/** Notes the {@link Origin} of each request. */
@Priority(2)
public final class OriginFilter implements ContainerRequestFilter {
    private static final String FORWARDED = "Forwarded";
    private static final String X_FORWARDED_FOR = "X-Forwarded-For";

    private final TrustedProxies proxies;

    // A reference, not the request itself: for that, HK2 would make a proxy class, and where the container's class path
    // also holds an HK2, as that of the tests does, it mixes the two up.
    @Inject
    private @Nullable Provider<Ref<HttpServletRequest>> servletRequest;

    public OriginFilter(TrustedProxies proxies) {
        this.proxies = proxies;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        String userAgent = Optional.ofNullable(request.getHeaderString(HttpHeaders.USER_AGENT))
                .orElse("");
        new Origin(
                        address(request),
                        userAgent.substring(0, Math.min(userAgent.length(), Origin.MAX_USER_AGENT)),
                        Objects.requireNonNullElse(RequestId.current(), ""))
                .attachTo(request);
    }

    private String address(ContainerRequestContext request) {
        String peer =
                Objects.requireNonNull(servletRequest, "injected").get().get().getRemoteAddr();
        return Optional.ofNullable(peer)
                .flatMap(IpAddress::parse)
                .map(known -> proxies.clientOf(known, lines(request, FORWARDED), lines(request, X_FORWARDED_FOR)))
                .map(IpAddress::text)
                .orElse(Origin.UNKNOWN);
    }

    private static List<String> lines(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }
}
