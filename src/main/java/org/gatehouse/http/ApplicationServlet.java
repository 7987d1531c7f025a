package org.gatehouse.http;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.HttpMethod;
import java.io.IOException;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;

/**
 * Hands requests to Jersey, and with each the address of its peer, which Jersey itself does not tell a filter; and is the
 * error page for those that the container refuses.
 */
public final class ApplicationServlet extends ServletContainer {
    private static final long serialVersionUID = 1L;

    private final transient ContainerErrors errors;

    public ApplicationServlet(ResourceConfig application, ContainerErrors errors) {
        super(application);
        this.errors = errors;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            errors.answerForContainer(request, response);
            return;
        }
        String peer = request.getRemoteAddr();
        if (peer != null) {
            request.setAttribute(OriginFilter.PEER, peer);
        }
        super.service(request, response);
        if (response.getStatus() >= 400 && !AccessLog.hasSeenAnswerOf(request)) {
            // Jersey refuses a Content-Type that is none before it calls anything of ours, and without a body.
            errors.answer(request, response, response.getStatus());
        }
        if (request.getMethod().equals(HttpMethod.HEAD)) {
            response.flushBuffer(); // or the container would tell a length, of the body that is not sent
        }
        if (response.getStatus() >= 400) {
            response.flushBuffer();
            UnreadBody.discard(request);
        }
        if (StreamedAnswer.isBroken(request)) {
            // Jersey would end the answer in good order; only this makes the container break the connection.
            throw new IOException("The answer is broken off");
        }
    }
}
