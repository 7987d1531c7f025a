package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;

/**
 * Refuses bodies over {@link #LIMIT}: by their announced length before a byte is read, otherwise at the first byte too
 * many.
 */
@Priority(Priorities.AUTHENTICATION + 100)
public final class BodyLimitFilter implements ContainerRequestFilter {
    /** A user's own fields may take 16 KiB; escapes, white space and the other fields fit four times over. */
    static final int LIMIT = 64 * 1024;

    /** A refused body is read on up to here: a client that is still sending may never see an answer otherwise. */
    private static final int DISCARD_LIMIT = 2 * 1024 * 1024;

    @Override
    public void filter(ContainerRequestContext request) {
        InputStream body = request.getEntityStream();
        if (request.getLength() > LIMIT) {
            throw tooLarge(body);
        }
        request.setEntityStream(new LimitedStream(body));
    }

    private static GatehouseException tooLarge(InputStream body) {
        try {
            body.skipNBytes(DISCARD_LIMIT);
        } catch (IOException ended) {
            // as it should
        }
        return new GatehouseException(ErrorCode.BODY_TOO_LARGE, "The body is larger than " + LIMIT / 1024 + " KiB.");
    }

    private static final class LimitedStream extends FilterInputStream {
        private int left = LIMIT;

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
                throw tooLarge(in);
            }
        }
    }
}
