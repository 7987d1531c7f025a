package org.gatehouse.http;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Requires;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Converts every exception into an error response in the format that the caller accepts ({@link ErrorBody}).
 *
 * <p>Client errors are logged at debug level. Server errors are logged once, at error level, with the request id that
 * the caller receives. Responses never contain internal details.
 */
final class ErrorMapper implements ExceptionMapper<Throwable>, ContainerResponseFilter {
    static final String ACCEPT_PATCH = "Accept-Patch";

    /** The members of an error body that {@code INSUFFICIENT_USER_AUTHENTICATION} repeats in the header. */
    private static final String MAX_AGE = "maxAge";

    private static final String ACR_VALUES = "acrValues";

    private static final Logger log = LoggerFactory.getLogger(ErrorMapper.class);

    /** The error codes for requests that Jersey or the container rejects before a resource method runs. */
    private static final Map<Integer, ErrorCode> BY_STATUS = Map.of(
            401, ErrorCode.TOKEN_MISSING,
            403, ErrorCode.FORBIDDEN,
            404, ErrorCode.NOT_FOUND,
            405, ErrorCode.METHOD_NOT_ALLOWED,
            406, ErrorCode.NOT_ACCEPTABLE,
            408, ErrorCode.BODY_TIMEOUT,
            412, ErrorCode.VERSION_MISMATCH,
            413, ErrorCode.BODY_TOO_LARGE,
            415, ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            503, ErrorCode.BUSY);

    private final KnownPaths paths;

    public ErrorMapper(KnownPaths paths) {
        this.paths = paths;
    }

    @Override
    public Response toResponse(Throwable thrown) {
        if (thrown instanceof GatehouseException expected) {
            return response(expected).build();
        }
        if (thrown instanceof WebApplicationException rejected
                && rejected.getResponse().getStatus() < 500) {
            return responseFor(rejected);
        }
        if (thrown instanceof ProcessingException) {
            // Gatehouse does not throw this exception. Jersey throws it if it cannot parse a header.
            return response(new GatehouseException(ErrorCode.BAD_REQUEST, "A header of the request is malformed."))
                    .build();
        }
        if (thrown instanceof UnsupportedCharsetException || thrown instanceof IllegalCharsetNameException) {
            // Jersey throws these exceptions if the charset in the Content-Type of a form is invalid.
            return response(new GatehouseException(ErrorCode.UNSUPPORTED_MEDIA_TYPE))
                    .build();
        }
        log.error("Unexpected failure of request {}", RequestId.current(), thrown);
        return response(new GatehouseException(ErrorCode.INTERNAL)).build();
    }

    /**
     * Writes the body of every error in the format that the caller accepts. This includes errors for which Jersey does
     * not call the mapper, such as a malformed {@code Accept}.
     */
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getEntity() instanceof GatehouseException failure) {
            addHeaders(failure.code(), request, response);
            write(named(failure, request, response), request, response);
        } else if (response.getStatus() >= 400 && !response.hasEntity()) {
            write(new GatehouseException(codeOf(response.getStatus())), request, response);
        }
    }

    /** Returns the failure with details: a message with the supported types or methods, or a similar path as hint. */
    private GatehouseException named(
            GatehouseException failure, ContainerRequestContext request, ContainerResponseContext response) {
        if (!failure.code().message().equals(failure.getMessage())) {
            return failure;
        }
        return switch (failure.code()) {
            case UNSUPPORTED_MEDIA_TYPE ->
                naming(
                        failure.code(),
                        "The Content-Type must be %s.",
                        MatchedMethod.types(request, request.getMethod(), ResourceMethod::getConsumedTypes));
            case NOT_ACCEPTABLE ->
                naming(
                        failure.code(),
                        "Responses of this path are %s only.",
                        MatchedMethod.types(request, request.getMethod(), ResourceMethod::getProducedTypes));
            case METHOD_NOT_ALLOWED ->
                new GatehouseException(
                        failure.code(),
                        "This path supports only the methods "
                                + ResponseHeaders.withHead(
                                        response.getHeaders().getOrDefault(HttpHeaders.ALLOW, List.of()))
                                + ".");
            case NOT_FOUND -> withNearestPath(failure, request);
            default -> failure;
        };
    }

    private static GatehouseException naming(ErrorCode code, String message, List<String> types) {
        return types.isEmpty()
                ? new GatehouseException(code)
                : new GatehouseException(code, message.formatted(String.join(" or ", types)));
    }

    private GatehouseException withNearestPath(GatehouseException failure, ContainerRequestContext request) {
        return MatchedMethod.of(request).isPresent()
                ? failure
                : paths.nearest(request.getUriInfo().getPath())
                        .map(path -> failure.withHint("Did you mean " + path + "?"))
                        .orElse(failure);
    }

    /** Adds headers that describe how to authenticate, or which media types and codings a request body may have. */
    private static void addHeaders(ErrorCode code, ContainerRequestContext request, ContainerResponseContext response) {
        MultivaluedMap<String, Object> headers = response.getHeaders();
        switch (code) {
            case TOKEN_AMBIGUOUS -> headers.putSingle(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"invalid_request\"");
            case FORBIDDEN -> {
                if (request.getSecurityContext().getUserPrincipal() != null) {
                    headers.putSingle(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"");
                } else if (MatchedMethod.has(request, RolesAllowed.class)
                        || MatchedMethod.has(request, Requires.class)) {
                    headers.putSingle(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
                }
            }
            case UNSUPPORTED_MEDIA_TYPE -> addAccepted(request, headers);
            default -> {}
        }
    }

    /**
     * Adds {@code Accept} or {@code Accept-Encoding} (RFC 9110, section 15.5.16), {@code Accept-Patch} (RFC 5789,
     * section 2.2), and {@code Accept-Post} (Linked Data Platform 1.0, section 7.1).
     */
    private static void addAccepted(ContainerRequestContext request, MultivaluedMap<String, Object> headers) {
        if (MatchedMethod.of(request).isPresent()
                && BodyLimitFilter.codingViolation(request).isPresent()) {
            headers.putSingle(HttpHeaders.ACCEPT_ENCODING, BodyLimitFilter.IDENTITY);
            return;
        }
        String types =
                String.join(", ", MatchedMethod.types(request, request.getMethod(), ResourceMethod::getConsumedTypes));
        if (types.isEmpty()) {
            return;
        }
        headers.putSingle(HttpHeaders.ACCEPT, types);
        switch (request.getMethod()) {
            case HttpMethod.PATCH -> headers.putSingle(ACCEPT_PATCH, types);
            case HttpMethod.POST -> headers.putSingle("Accept-Post", types);
            default -> {}
        }
    }

    private static void write(
            GatehouseException failure, ContainerRequestContext request, ContainerResponseContext response) {
        ErrorBody format = ErrorBody.wantedBy(request.getHeaderString(HttpHeaders.ACCEPT));
        byte[] body = format.write(failure, MatchedMethod.has(request, OAuthErrors.class));
        response.setEntity(body, null, format.mediaType());
        response.getHeaders().add(HttpHeaders.VARY, HttpHeaders.ACCEPT);
    }

    /** Returns the error code for a status from Jersey or the container. The response has the error code's status. */
    static ErrorCode codeOf(int status) {
        return BY_STATUS.getOrDefault(status, status < 500 ? ErrorCode.BAD_REQUEST : ErrorCode.INTERNAL);
    }

    private Response responseFor(WebApplicationException rejected) {
        ErrorCode code = codeOf(rejected.getResponse().getStatus());
        // If the value is null, the response does not have the header.
        return response(new GatehouseException(code))
                .header(HttpHeaders.ALLOW, rejected.getResponse().getHeaderString(HttpHeaders.ALLOW))
                .build();
    }

    private ResponseBuilder response(GatehouseException failure) {
        ErrorCode code = failure.code();
        log.debug("Request {} rejected: {}", RequestId.current(), code, failure);
        ResponseBuilder response = Response.status(code.status()).entity(failure);
        failure.retryAfter().ifPresent(after -> response.header(HttpHeaders.RETRY_AFTER, secondsUntil(after)));
        if (code.status() == Response.Status.UNAUTHORIZED.getStatusCode()) {
            response.header(HttpHeaders.WWW_AUTHENTICATE, challenge(failure));
        }
        return response;
    }

    /** Returns the duration in seconds. It is rounded up, because a client that retries too early is rejected again. */
    static long secondsUntil(Duration after) {
        return Math.max(1, after.plusSeconds(1).minusNanos(1).toSeconds());
    }

    /**
     * Returns the challenge, with {@code invalid_token} only if the request had a token (RFC 6750, section 3), or with
     * what a step-up must provide (RFC 9470, section 3).
     */
    private static String challenge(GatehouseException failure) {
        return switch (failure.code()) {
            case TOKEN_MISSING,
                    CREDENTIALS_WRONG,
                    METRICS_TOKEN_WRONG,
                    FACTOR_REQUIRED,
                    FACTOR_WRONG,
                    CHALLENGE_INVALID -> "Bearer";
            case CLIENT_WRONG -> "Basic realm=\"gatehouse\", charset=\"UTF-8\"";
            case INSUFFICIENT_USER_AUTHENTICATION -> stepUp(failure);
            default -> "Bearer error=\"invalid_token\"";
        };
    }

    private static String stepUp(GatehouseException failure) {
        StringBuilder challenge = new StringBuilder("Bearer error=\"insufficient_user_authentication\"");
        failure.details().ifPresent(details -> {
            if (details.has(MAX_AGE)) {
                challenge
                        .append(", max_age=\"")
                        .append(details.path(MAX_AGE).asLong())
                        .append('"');
            }
            if (details.has(ACR_VALUES)) {
                challenge
                        .append(", acr_values=\"")
                        .append(details.path(ACR_VALUES).asText())
                        .append('"');
            }
        });
        return challenge.toString();
    }
}
