package org.gatehouse.http;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Rejects bodies larger than {@link #MAX_BYTES}, by their announced length or at the first byte beyond the limit. A
 * {@link StreamedBody} has its own limit.
 *
 * <p>Compressed bodies are rejected too, because their length is unknown until they are decompressed.
 */
public final class BodyLimitFilter implements ContainerRequestFilter {
    /** Four times the 16 KiB of a user's custom fields, for escapes, white space and the other fields. */
    public static final int MAX_BYTES = 64 * 1024;

    /** Bodies of requests with other methods are not read. */
    private static final Set<String> WITH_BODY = Set.of(HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH);

    @Override
    public void filter(ContainerRequestContext request) {
        if (WITH_BODY.contains(request.getMethod())) {
            ContentCoding.violation(request).ifPresent(message -> {
                throw new GatehouseException(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message);
            });
        }
        if (isStreamed(request)) {
            return;
        }
        if (request.getLength() > MAX_BYTES) {
            throw tooLarge();
        }
        request.setEntityStream(new LimitedStream(request.getEntityStream()));
    }

    private static boolean isStreamed(ContainerRequestContext request) {
        return MatchedMethod.has(request, StreamedBody.class);
    }

    static GatehouseException tooLarge() {
        return new GatehouseException(
                ErrorCode.BODY_TOO_LARGE, "The body is larger than " + MAX_BYTES / 1024 + " KiB.");
    }

    private static final class LimitedStream extends FilterInputStream {
        private int left = MAX_BYTES;

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
