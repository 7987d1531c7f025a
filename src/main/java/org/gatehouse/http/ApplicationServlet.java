package org.gatehouse.http;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import java.io.IOException;
import java.time.Duration;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;

/**
 * Passes each request to Jersey after its body has been received. The servlet assigns the request id. It passes on the
 * address of the peer, because Jersey hides this address from filters. The servlet also responds to requests that the
 * container rejects.
 */
final class ApplicationServlet extends ServletContainer {
    private static final long serialVersionUID = 1L;

    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    /** The request attribute with the body of the response. */
    private static final String BODY = ApplicationServlet.class.getName() + ".body";

    private final transient RequestBodies bodies;
    private final transient ResponseHeaders headers;
    private final transient ContainerErrors errors;

    ApplicationServlet(
            ResourceConfig application, RequestBodies bodies, ResponseHeaders headers, ContainerErrors errors) {
        super(application);
        this.bodies = bodies;
        this.headers = headers;
        this.errors = errors;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        AccessLog.begin(request);
        RequestId.begin(request);
        try {
            HttpServletResponse disconnectable = new DisconnectableResponse(request, response);
            if (request.getDispatcherType() == DispatcherType.ERROR) {
                sendContainerError(request, disconnectable);
                return;
            }
            IncomingBody received = IncomingBody.of(request);
            IncomingBody body = received == null ? bodies.receive(request) : received;
            if (!body.isPending()) {
                respond(body, request, disconnectable);
            }
        } finally {
            RequestId.forget();
        }
    }

    /**
     * Takes the body out of a response, so that this servlet writes the body after Jersey has written the head. Jersey
     * itself would select a writer and call interceptors, which took a tenth of the processor time of a read.
     */
    static void takeBody(ContainerRequestContext request, ContainerResponseContext response, byte[] body) {
        request.setProperty(BODY, body);
        response.setEntity(null);
    }

    private void respond(IncomingBody body, HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        try {
            switch (body.state()) {
                case TIMED_OUT -> errors.send(request, response, new GatehouseException(ErrorCode.BODY_TIMEOUT));
                case NO_CAPACITY ->
                    errors.send(request, response, GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null));
                default -> passToJersey(body.asRequest(), response);
            }
            // The flush sends the response before the access line is written, and an error response before the rest of
            // the request arrives. It also prevents that the container adds the Content-Length of an empty body to a
            // response to HEAD.
            response.flushBuffer();
        } finally {
            body.release();
            AccessLog.end(request);
        }
        if (body.isLeftUnread(response.getStatus())) {
            BodyDrain.discard(request, bodies.timeout());
        }
        if (StreamedResponse.isBroken(request) && !DisconnectableResponse.isDisconnected(request)) {
            // Without this exception, the response would end normally. The exception makes the container break the
            // connection.
            throw new IOException("The response is incomplete");
        }
    }

    private void sendContainerError(HttpServletRequest request, HttpServletResponse response) throws IOException {
        // If this is the first run of the servlet for the request, the body is unread. BodyDrain reads it without
        // blocking a thread. Tomcat would read the whole body in this thread.
        boolean unread = IncomingBody.of(request) == null && bodies.reject(request);
        try {
            errors.sendForContainer(request, response);
            if (unread) {
                response.flushBuffer();
            }
        } finally {
            AccessLog.end(request);
        }
        if (unread) {
            BodyDrain.discard(request, bodies.timeout());
        }
    }

    private void passToJersey(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String peer = request.getRemoteAddr();
        if (peer != null) {
            request.setAttribute(ClientInfoFilter.PEER, peer);
        }
        String query = request.getQueryString();
        if (query != null && !query.isEmpty()) {
            request.setAttribute(QueryParameterFilter.QUERY, query);
        }
        headers.setCommon(request, response);
        RequestPath path = RequestPath.of(request);
        if (path == null) {
            super.service(request, response);
        } else {
            service(path.base(), path.request(), request, response);
        }
        if (request.getAttribute(BODY) instanceof byte[] body
                && !request.getMethod().equals(HttpMethod.HEAD)) {
            response.getOutputStream().write(body);
        }
        if (response.getStatus() >= 400 && !AccessLog.hasRecorded(request)) {
            // Jersey rejects a malformed Content-Type before it calls any filter, and sends an empty response.
            errors.send(request, response, response.getStatus());
        }
    }
}
