package org.gatehouse.http;

import jakarta.servlet.ServletRequest;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A response that is written line by line while it is generated.
 *
 * <p>The status is sent before the body is complete. If the rest of the body cannot be written, the connection is
 * broken, so that clients do not treat the response as complete.
 */
public final class StreamedResponse {
    /** Newline-delimited JSON: one document per line. */
    public static final String NDJSON = "application/x-ndjson";

    private static final MediaType NDJSON_TYPE = MediaType.valueOf(NDJSON);
    private static final String BROKEN = StreamedResponse.class.getName();
    private static final int BUFFER = 16 * 1024;
    private static final Logger log = LoggerFactory.getLogger(StreamedResponse.class);

    private StreamedResponse() {}

    /** Returns 200 with this body. If writing the body throws an exception, the connection is broken. */
    public static Response of(ContainerRequestContext request, StreamingOutput body) {
        return of(request, NDJSON_TYPE, body);
    }

    /** Returns 200 with a body of another type, like {@link #of(ContainerRequestContext, StreamingOutput)}. */
    public static Response of(ContainerRequestContext request, MediaType type, StreamingOutput body) {
        String requestId = ClientInfo.of(request).requestId();
        StreamingOutput output = stream -> {
            OutputStream buffered = new BufferedOutputStream(new Connected(request, stream), BUFFER);
            try {
                body.write(buffered);
                buffered.flush();
            } catch (IOException gone) {
                log.debug("The client of request {} has disconnected", requestId, gone);
                breakConnection(request, stream);
            } catch (GatehouseException stop) {
                log.warn("The response to request {} is incomplete: {}", requestId, stop.code());
                breakConnection(request, stream);
            } catch (RuntimeException failed) {
                log.error("The response to request {} is incomplete", requestId, failed);
                breakConnection(request, stream);
            }
        };
        return Response.ok(output, type).build();
    }

    /** Sends the bytes that have been written, because a client could treat an empty response as complete. */
    private static void breakConnection(ContainerRequestContext request, OutputStream output) {
        request.setProperty(BROKEN, true);
        try {
            output.flush();
        } catch (IOException gone) {
            log.trace("The client has already disconnected", gone);
        }
    }

    /** A stream that throws an exception after the client has disconnected, which ends the generation. */
    private static final class Connected extends FilterOutputStream {
        private final ContainerRequestContext request;

        Connected(ContainerRequestContext request, OutputStream output) {
            super(output);
            this.request = request;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            requireConnected();
        }

        @Override
        public void flush() throws IOException {
            out.flush();
            requireConnected();
        }

        private void requireConnected() throws IOException {
            if (request.getProperty(DisconnectableResponse.DISCONNECTED) != null) {
                throw new IOException("The client has disconnected");
            }
        }
    }

    /** Returns whether the response is incomplete. If it is, the container must break the connection. */
    static boolean isBroken(ServletRequest request) {
        return request.getAttribute(BROKEN) != null;
    }
}
