package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Checks the content coding of a body (RFC 9110, section 8.4). Only {@code identity} is accepted. */
final class ContentCoding {
    /** The accepted coding, for {@code Accept-Encoding} of a 415 (RFC 9110, section 15.5.16). */
    static final String IDENTITY = "identity";

    private static final Set<String> COMPRESSIONS =
            Set.of("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd", "dcb", "dcz");

    private ContentCoding() {}

    /** Returns an error message for the coding of the request's body; empty if the coding is acceptable. */
    static Optional<String> violation(ContainerRequestContext request) {
        String header = request.getHeaderString(HttpHeaders.CONTENT_ENCODING);
        if (header == null) {
            return Optional.empty();
        }
        List<String> others = Arrays.stream(header.split(",", -1))
                .map(coding -> coding.strip().toLowerCase(Locale.ROOT))
                .filter(coding -> !coding.isEmpty() && !coding.equals(IDENTITY))
                .toList();
        if (others.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                COMPRESSIONS.containsAll(others)
                        ? "A body must not be compressed."
                        : "The Content-Encoding is unknown; a body must be sent without one.");
    }
}
