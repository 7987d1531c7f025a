package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Allows pages of other origins to call the API (the CORS protocol of the Fetch standard). This filter responds to
 * preflight requests, which do not carry a token.
 *
 * <p>The response to an origin that is not allowed lacks CORS headers, so the browser withholds the response from the
 * page. Listed origins may send credentials, because their pages may use the {@link SessionCookie}. With {@code *},
 * credentials are never allowed.
 */
@PreMatching
final class Cors implements ContainerRequestFilter {
    static final String ORIGIN = "Origin";

    static final String ANY = "*";

    private static final String REQUEST_METHOD = "Access-Control-Request-Method";
    static final String ALLOW_ORIGIN = "Access-Control-Allow-Origin";
    private static final String EXPOSE_HEADERS = "Access-Control-Expose-Headers";

    private static final Map<String, String> PREFLIGHT = Map.of(
            "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers",
                    "Authorization, auth, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id, "
                            + "traceparent, tracestate",
            // The value is two hours, because Chromium does not honor a longer time.
            "Access-Control-Max-Age", "7200");

    /** The response headers that a page may read in addition to the headers that browsers always allow. */
    private static final String EXPOSED =
            "ETag, Link, Location, Retry-After, X-Request-Id, X-Total-Count, WWW-Authenticate";

    private final Set<String> origins;

    /** @param origins the allowed origins, or {@code *} for all */
    public Cors(Set<String> origins) {
        this.origins = Set.copyOf(origins);
    }

    @Override
    public void filter(ContainerRequestContext request) {
        String origin = request.getHeaderString(ORIGIN);
        if (origin == null
                || !isAllowed(origin)
                || !request.getMethod().equals(HttpMethod.OPTIONS)
                || request.getHeaderString(REQUEST_METHOD) == null) {
            return;
        }
        Response.ResponseBuilder response = Response.noContent();
        PREFLIGHT.forEach(response::header);
        request.abortWith(response.build());
    }

    /** Returns the CORS headers for a response to this origin; empty if the origin is not allowed. */
    Map<String, String> headers(@Nullable String origin) {
        if (origin == null || !isAllowed(origin)) {
            return Map.of();
        }
        return origins.contains(ANY)
                ? Map.of(ALLOW_ORIGIN, ANY, EXPOSE_HEADERS, EXPOSED)
                : Map.of(ALLOW_ORIGIN, origin, EXPOSE_HEADERS, EXPOSED, "Access-Control-Allow-Credentials", "true");
    }

    /** Returns whether responses depend on the origin of the request. */
    boolean dependsOnOrigin() {
        return !origins.isEmpty();
    }

    private boolean isAllowed(String origin) {
        return origins.contains(ANY) || origins.contains(origin);
    }
}
