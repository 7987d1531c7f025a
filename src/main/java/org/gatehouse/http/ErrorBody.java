package org.gatehouse.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.MediaType;
import java.text.ParseException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;
import org.glassfish.jersey.message.internal.AcceptableMediaType;
import org.glassfish.jersey.message.internal.HttpHeaderReader;
import org.jspecify.annotations.Nullable;

/**
 * Formats an error as {@code {status, code, message, hint?, requestId, errors?}}, or as problem details (RFC 9457).
 * Clients get problem details only if {@code Accept} names {@code application/problem+json}.
 */
enum ErrorBody {
    OWN("json") {
        @Override
        void describe(GatehouseException failure, ObjectNode body) {
            body.put("status", "error");
            body.put("code", failure.code().name());
            failure.code().legacyName().ifPresent(name -> body.put("name", name));
            body.put("message", failure.getMessage());
        }
    },

    PROBLEM("problem+json") {
        @Override
        void describe(GatehouseException failure, ObjectNode body) {
            ErrorCode code = failure.code();
            body.put("type", TYPE_PREFIX + code.name().toLowerCase(Locale.ROOT).replace('_', '-'));
            body.put("title", code.message());
            body.put("status", code.status());
            body.put("detail", failure.getMessage());
            body.put("code", code.name());
            code.legacyName().ifPresent(name -> body.put("name", name));
        }
    };

    /** Begins the URI that identifies a kind of error. Clients cannot fetch this URI (RFC 9457, section 3.1.1). */
    private static final String TYPE_PREFIX = "urn:gatehouse:error:";

    private static final String APPLICATION = "application";

    private final String subtype;

    ErrorBody(String subtype) {
        this.subtype = subtype;
    }

    MediaType mediaType() {
        return new MediaType(APPLICATION, subtype);
    }

    /**
     * Returns the format that an {@code Accept} header (RFC 9110, section 12.5.1) prefers. The format is
     * {@link #PROBLEM} only if the header names the type of this format with at least the quality of plain JSON. A
     * wildcard does not name a type.
     */
    static ErrorBody wantedBy(@Nullable String accept) {
        if (!names(accept)) {
            return OWN;
        }
        try {
            List<AcceptableMediaType> ranges = HttpHeaderReader.readAcceptMediaType(accept);
            int problem = ranges.stream()
                    .filter(range -> range.getType().equalsIgnoreCase(APPLICATION)
                            && range.getSubtype().equalsIgnoreCase(PROBLEM.subtype))
                    .mapToInt(AcceptableMediaType::getQuality)
                    .max()
                    .orElse(0);
            return problem > 0 && problem >= qualityOfJson(ranges) ? PROBLEM : OWN;
        } catch (ParseException malformed) {
            return OWN;
        }
    }

    /** Returns whether the header names the type of {@link #PROBLEM}. */
    static boolean names(@Nullable String accept) {
        return accept != null && accept.toLowerCase(Locale.ROOT).contains(PROBLEM.subtype);
    }

    byte[] write(GatehouseException failure) {
        return write(failure, false);
    }

    /**
     * Writes the body of an error in this format.
     *
     * @param oauth whether the body also has the fields of RFC 6749; see {@link OAuthErrors}
     */
    byte[] write(GatehouseException failure, boolean oauth) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        describe(failure, body);
        if (oauth) {
            body.put("error", oauthError(failure.code()));
            body.put("error_description", failure.getMessage());
        }
        failure.expiredAt().ifPresent(instant -> body.put("expiredAt", IsoTime.format(instant)));
        failure.hint().ifPresent(hint -> body.put("hint", hint));
        failure.details().ifPresent(body::setAll);
        body.put("requestId", RequestId.current());
        if (!failure.errors().isEmpty()) {
            body.putPOJO("errors", failure.errors());
        }
        return Json.write(body);
    }

    abstract void describe(GatehouseException failure, ObjectNode body);

    /** Returns the name of an error in RFC 6749, sections 4.1.2.1 and 5.2, or in RFC 6750, section 3.1. */
    private static String oauthError(ErrorCode code) {
        return switch (code) {
            case CLIENT_WRONG, TOKEN_MISSING -> "invalid_client";
            case GRANT_TYPE_UNSUPPORTED -> "unsupported_grant_type";
            case SCOPE_INVALID -> "invalid_scope";
            case TOKEN_MALFORMED, TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED -> "invalid_token";
            case FORBIDDEN -> "insufficient_scope";
            case LOGIN_THROTTLED, BUSY, STORE_UNAVAILABLE -> "temporarily_unavailable";
            case INTERNAL -> "server_error";
            default -> "invalid_request";
        };
    }

    /** Returns the quality of the most specific range that includes plain JSON. */
    private static int qualityOfJson(List<AcceptableMediaType> ranges) {
        return ranges.stream()
                .filter(range -> range.isCompatible(OWN.mediaType()))
                .min(Comparator.comparing(AcceptableMediaType::isWildcardType)
                        .thenComparing(AcceptableMediaType::isWildcardSubtype))
                .map(AcceptableMediaType::getQuality)
                .orElse(0);
    }
}
