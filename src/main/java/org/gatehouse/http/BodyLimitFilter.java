package org.gatehouse.http;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;

/**
 * Refuses bodies over {@link #LIMIT}: by their announced length before a byte is read, otherwise at the first byte too
 * many. A {@link StreamedBody} may have any length.
 *
 * <p>What is left of the body of a refused request, whatever it was refused for, is read and thrown away: a container
 * closes the connection under a body that nobody reads, and a client that is still sending may then never see the answer.
 */
@Priority(Priorities.AUTHENTICATION + 100)
public final class BodyLimitFilter implements ContainerRequestFilter, ContainerResponseFilter {
    /** A user's own fields may take 16 KiB; escapes, white space and the other fields fit four times over. */
    static final int LIMIT = 64 * 1024;

    /** What is thrown away at most; a client that sends more than this meets the closed connection. */
    private static final int DISCARD_LIMIT = 2 * 1024 * 1024;

    private static final String WHOLE_BODY = BodyLimitFilter.class.getName();
    private static final String EXPECT = "Expect";

    @Override
    public void filter(ContainerRequestContext request) {
        if (isStreamed(request)) {
            return;
        }
        if (request.getLength() > LIMIT) {
            throw tooLarge();
        }
        InputStream body = request.getEntityStream();
        request.setProperty(WHOLE_BODY, body);
        request.setEntityStream(new LimitedStream(body));
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        // A client that asked first (RFC 9110, section 10.1.1) sends nothing after a refusal.
        if (response.getStatus() < 400 || request.getHeaderString(EXPECT) != null) {
            return;
        }
        InputStream body =
                request.getProperty(WHOLE_BODY) instanceof InputStream whole ? whole : request.getEntityStream();
        try {
            var unused = body.skip(DISCARD_LIMIT);
        } catch (IOException gone) {
            // the client, and with it the need to answer
        }
    }

    private static boolean isStreamed(ContainerRequestContext request) {
        ResourceMethod method = ((ExtendedUriInfo) request.getUriInfo()).getMatchedResourceMethod();
        return method != null && method.getInvocable().getHandlingMethod().isAnnotationPresent(StreamedBody.class);
    }

    private static GatehouseException tooLarge() {
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
                throw tooLarge();
            }
        }
    }
}
