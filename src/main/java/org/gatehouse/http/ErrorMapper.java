package org.gatehouse.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.time.Duration;
import java.util.Map;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldError;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns everything that is thrown into the one form of an error:
 * {@code {status, code, message, requestId, errors?}}.
 *
 * <p>The caller's mistakes are logged at debug level; ours at error level, once, with the request id that the caller was
 * given, and nothing of the inside reaches the answer.
 */
public final class ErrorMapper implements ExceptionMapper<Throwable>, ContainerResponseFilter {
    private static final Logger log = LoggerFactory.getLogger(ErrorMapper.class);

    /** What Jersey itself refuses, before a resource is reached. */
    private static final Map<Integer, ErrorCode> BY_STATUS = Map.of(
            404, ErrorCode.NOT_FOUND,
            405, ErrorCode.METHOD_NOT_ALLOWED,
            406, ErrorCode.NOT_ACCEPTABLE,
            412, ErrorCode.VERSION_MISMATCH,
            413, ErrorCode.BODY_TOO_LARGE,
            415, ErrorCode.UNSUPPORTED_MEDIA_TYPE);

    @Override
    public Response toResponse(Throwable thrown) {
        if (thrown instanceof GatehouseException expected) {
            return answer(expected).build();
        }
        if (thrown instanceof WebApplicationException refused
                && refused.getResponse().getStatus() < 500) {
            return ofContainer(refused);
        }
        if (thrown instanceof ProcessingException) {
            // Nothing of ours throws it: it is Jersey on a header that it could not parse.
            return answer(new GatehouseException(ErrorCode.BAD_REQUEST, "A header of the request is malformed."))
                    .build();
        }
        if (thrown instanceof UnsupportedCharsetException || thrown instanceof IllegalCharsetNameException) {
            // Nor these: it is Jersey on the charset of a form's Content-Type.
            return answer(new GatehouseException(ErrorCode.UNSUPPORTED_MEDIA_TYPE))
                    .build();
        }
        log.error("Unexpected failure of request {}", RequestId.current(), thrown);
        return answer(new GatehouseException(ErrorCode.INTERNAL)).build();
    }

    /** Gives a body to the refusals that Jersey makes without asking a mapper, such as of a malformed Accept. */
    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getStatus() >= 400 && !response.hasEntity()) {
            ErrorCode code = BY_STATUS.getOrDefault(response.getStatus(), ErrorCode.BAD_REQUEST);
            response.setEntity(Json.write(body(new GatehouseException(code))), null, MediaType.APPLICATION_JSON_TYPE);
        }
    }

    private Response ofContainer(WebApplicationException refused) {
        int status = refused.getResponse().getStatus();
        ErrorCode code = BY_STATUS.getOrDefault(status, ErrorCode.BAD_REQUEST);
        ResponseBuilder answer = answer(new GatehouseException(code));
        String allow = refused.getResponse().getHeaderString(HttpHeaders.ALLOW);
        return allow == null
                ? answer.build()
                : answer.header(HttpHeaders.ALLOW, allow).build();
    }

    private ResponseBuilder answer(GatehouseException failure) {
        ErrorCode code = failure.code();
        log.debug("Request {} refused: {}", RequestId.current(), code, failure);
        ResponseBuilder answer = Response.status(code.status())
                .type(MediaType.APPLICATION_JSON_TYPE)
                .entity(Json.write(body(failure)));
        failure.retryAfter().ifPresent(after -> answer.header(HttpHeaders.RETRY_AFTER, secondsUntil(after)));
        if (code.status() == Response.Status.UNAUTHORIZED.getStatusCode()) {
            answer.header(HttpHeaders.WWW_AUTHENTICATE, challenge(code));
        }
        return answer;
    }

    /** Rounded up: who comes back a moment too early is only refused again. */
    private static long secondsUntil(Duration after) {
        return Math.max(1, after.plusSeconds(1).minusNanos(1).toSeconds());
    }

    private ObjectNode body(GatehouseException failure) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("status", "error");
        body.put("code", failure.code().name());
        failure.code().originalName().ifPresent(name -> body.put("name", name));
        body.put("message", failure.getMessage());
        failure.expiredAt().ifPresent(instant -> body.put("expiredAt", IsoTime.format(instant)));
        body.put("requestId", RequestId.current());
        if (!failure.errors().isEmpty()) {
            ArrayNode errors = body.putArray("errors");
            for (FieldError error : failure.errors()) {
                errors.addObject().put("field", error.field()).put("message", error.message());
            }
        }
        return body;
    }

    /** RFC 6750, section 3: {@code invalid_token} only when a token was sent. */
    private static String challenge(ErrorCode code) {
        return switch (code) {
            case TOKEN_MISSING, CREDENTIALS_WRONG -> "Bearer";
            default -> "Bearer error=\"invalid_token\"";
        };
    }
}
