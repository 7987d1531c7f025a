package org.gatehouse.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.jspecify.annotations.Nullable;

/**
 * Sets the headers that every response has: length, request id, CORS, {@code no-store} and browser restrictions.
 *
 * <p>Caches must not store responses, because most responses contain a user or a token. Browsers must not interpret a
 * response as a different type. If a resource sets one of {@link #DEFAULTS}, the value of the resource is kept.
 */
final class ResponseHeaders implements ContainerResponseFilter {
    private static final Map<String, String> DEFAULTS = Map.of(
            HttpHeaders.CACHE_CONTROL,
            "no-store",
            "X-Content-Type-Options",
            "nosniff",
            "Content-Security-Policy",
            "default-src 'none'; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy",
            "same-origin",
            "Referrer-Policy",
            "no-referrer",
            "X-Frame-Options",
            "DENY");

    /** A header of HTTP/1.1. Containers omit this header in HTTP/2. */
    private static final String CONNECTION = "Connection";

    private static final String CLOSE = "close";

    private static final String TRANSPORT_SECURITY = "Strict-Transport-Security";

    /** One year, as preload lists require. Subdomains are not included, because they may have other operators. */
    private static final String ONE_YEAR = "max-age=31536000";

    private final Cors cors;

    public ResponseHeaders(Cors cors) {
        this.cors = cors;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        MultivaluedMap<String, Object> headers = response.getHeaders();
        if (request.getMethod().equals(HttpMethod.OPTIONS)) {
            describeMethods(request, response);
        }
        removeParametersOfJson(headers, response.getMediaType());
        headers.computeIfPresent(HttpHeaders.ALLOW, (name, methods) -> List.of(withHead(methods)));
        if (IncomingBody.endsConnection(request.getProperty(IncomingBody.ATTRIBUTE), response.getStatus())) {
            headers.putSingle(CONNECTION, CLOSE);
        }
        if (response.getEntity() instanceof byte[] body) {
            headers.putSingle(HttpHeaders.CONTENT_LENGTH, body.length);
            ApplicationServlet.takeBody(request, response, body);
        }
        if (cors.dependsOnOrigin()) {
            headers.add(HttpHeaders.VARY, Cors.ORIGIN);
        }
    }

    private static void describeMethods(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getStatus() == 200) {
            // Jersey created this response. Its body is not needed, because the header Allow has all the information.
            response.setEntity(null);
            response.setStatusInfo(Response.Status.NO_CONTENT);
            response.getHeaders().remove(HttpHeaders.CONTENT_TYPE);
        }
        List<String> patches = MatchedMethod.types(request, HttpMethod.PATCH, ResourceMethod::getConsumedTypes);
        if (!patches.isEmpty()) {
            // RFC 5789, section 3.1, defines this header.
            response.getHeaders().putSingle(ErrorMapper.ACCEPT_PATCH, String.join(", ", patches));
        }
    }

    /**
     * Removes parameters from JSON and NDJSON media types, because these types do not define any (RFC 8259, section
     * 11). Jersey copies parameters from {@code Accept}, even a charset that differs from the body's.
     */
    private static void removeParametersOfJson(MultivaluedMap<String, Object> headers, @Nullable MediaType type) {
        if (type == null) {
            return;
        }
        String subtype = type.getSubtype().toLowerCase(Locale.ROOT);
        if (subtype.equals("json") || subtype.endsWith("+json") || subtype.equals("x-ndjson")) {
            headers.putSingle(
                    HttpHeaders.CONTENT_TYPE, new MediaType(type.getType().toLowerCase(Locale.ROOT), subtype));
        }
    }

    /**
     * Sets the headers that do not depend on the response. Jersey replaces them if a resource sets the same headers. If
     * this class added them as a filter, Jersey would copy and convert them twice.
     */
    void setCommon(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader(RequestId.HEADER, RequestId.current());
        DEFAULTS.forEach(response::setHeader);
        cors.headers(request.getHeader(Cors.ORIGIN)).forEach(response::setHeader);
        if (request.isSecure()) {
            // Browsers ignore this header without TLS (RFC 6797, section 7.2).
            response.setHeader(TRANSPORT_SECURITY, ONE_YEAR);
        }
    }

    /** Adds the usual headers to a response that Jersey does not create. */
    void addTo(HttpServletResponse response, HttpServletRequest request) {
        setCommon(request, response);
        if (IncomingBody.endsConnection(request.getAttribute(IncomingBody.ATTRIBUTE), response.getStatus())) {
            response.setHeader(CONNECTION, CLOSE);
        }
        if (cors.dependsOnOrigin()) {
            response.addHeader(HttpHeaders.VARY, Cors.ORIGIN);
        }
    }

    /** Adds HEAD if the methods include GET (RFC 9110, section 9.3.2), because Jersey adds HEAD only in some cases. */
    static String withHead(List<Object> methods) {
        Set<String> names = new TreeSet<>();
        for (Object some : methods) {
            names.addAll(List.of(some.toString().split("[, ]+", -1)));
        }
        if (names.contains(HttpMethod.GET)) {
            names.add(HttpMethod.HEAD);
        }
        return String.join(", ", names);
    }
}
