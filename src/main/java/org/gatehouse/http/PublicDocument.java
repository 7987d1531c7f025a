package org.gatehouse.http;

import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import java.time.Duration;

/**
 * A document that anyone may read: caches may store it, and pages of every origin may read it in a browser, regardless
 * of {@code CORS_ORIGINS}. It must not depend on the caller.
 */
public final class PublicDocument {
    private PublicDocument() {}

    /** Returns 200 with the document. */
    public static ResponseBuilder response(byte[] document, Duration maxAge) {
        return Response.ok(document)
                .header(HttpHeaders.CACHE_CONTROL, "public, max-age=" + maxAge.toSeconds())
                .header(Cors.ALLOW_ORIGIN, Cors.ANY)
                .header("Cross-Origin-Resource-Policy", "cross-origin");
    }
}
