package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.JsonBody;

/**
 * Rejects bodies larger than {@link JsonBody#MAX_BYTES}, either by their announced length or at the first byte beyond
 * the limit. Methods with {@link StreamedBody} have their own limit.
 *
 * <p>Compressed bodies are rejected too, because their length is unknown until they are decompressed.
 */
final class BodyLimitFilter implements ContainerRequestFilter {
    /** The accepted content coding; a 415 response names it in {@code Accept-Encoding} (RFC 9110, section 15.5.16). */
    static final String IDENTITY = "identity";

    private static final Set<String> COMPRESSIONS =
            Set.of("gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd", "dcb", "dcz");

    /** The methods whose request bodies are read. */
    private static final Set<String> WITH_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH);

    @Override
    public void filter(ContainerRequestContext request) {
        boolean withBody = WITH_BODY.contains(request.getMethod());
        if (withBody) {
            codingViolation(request).ifPresent(message -> {
                throw new GatehouseException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message);
            });
        }
        if (MatchedMethod.has(request, StreamedBody.class)) {
            return;
        }
        if (request.getLength() > JsonBody.MAX_BYTES) {
            throw tooLarge();
        }
        if (withBody) {
            request.setEntityStream(new LimitedStream(request.getEntityStream()));
        }
    }

    /** Returns a message for an unsupported content coding (RFC 9110, section 8.4), or empty if it is supported. */
    static Optional<String> codingViolation(ContainerRequestContext request) {
        String header = Objects.requireNonNullElse(request.getHeaderString(HttpHeaders.CONTENT_ENCODING), "");
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

    static GatehouseException tooLarge() {
        return new GatehouseException(
                ErrorCode.BODY_TOO_LARGE, "The body is larger than " + JsonBody.MAX_BYTES / 1024 + " KiB.");
    }

    private static final class LimitedStream extends FilterInputStream {
        private int left = JsonBody.MAX_BYTES;

        LimitedStream(InputStream body) {
            super(body);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count(read < 0 ? 0 : 1);
            return read;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            count(Math.max(read, 0));
            return read;
        }

        private void count(int read) {
            left -= read;
            if (left < 0) {
                throw tooLarge();
            }
        }
    }
}
