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
 * Hands requests to Jersey, each with its name and with the address of its peer, which Jersey itself does not tell a
 * filter; and is the error page for those that the container refuses.
 */
public final class ApplicationServlet extends ServletContainer {
    private static final long serialVersionUID = 1L;

    private final transient RequestId requestIds;
    private final transient ContainerErrors errors;

    public ApplicationServlet(ResourceConfig application, RequestId requestIds, ContainerErrors errors) {
        super(application);
        this.requestIds = requestIds;
        this.errors = errors;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        AccessLog.begin(request);
        requestIds.begin(request);
        try {
            answer(request, response);
        } finally {
            AccessLog.end(request);
            RequestId.forget();
        }
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            return;
        }
        if (response.getStatus() >= 400) {
            UnreadBody.discard(request);
        }
        if (StreamedAnswer.isBroken(request)) {
            // Jersey would end the answer in good order; only this makes the container break the connection.
            throw new IOException("The answer is broken off");
        }
    }

    private void answer(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            errors.answerForContainer(request, response);
            return;
        }
        String peer = request.getRemoteAddr();
        if (peer != null) {
            request.setAttribute(OriginFilter.PEER, peer);
        }
        String query = request.getQueryString();
        if (query != null && !query.isEmpty()) {
            request.setAttribute(QueryParameterFilter.QUERY, query);
        }
        super.service(request, response);
        if (response.getStatus() >= 400 && !AccessLog.knowsAnswerOf(request)) {
            // Jersey refuses a Content-Type that is none before it calls anything of ours, and without a body.
            errors.answer(request, response, response.getStatus());
        }
        if (response.getStatus() >= 400 || request.getMethod().equals(HttpMethod.HEAD)) {
            // To HEAD the container would tell a length, of the body that is not sent; a refusal does not wait for the
            // rest of the request.
            response.flushBuffer();
        }
    }
}
