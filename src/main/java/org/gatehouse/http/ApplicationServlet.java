package org.gatehouse.http;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.glassfish.jersey.server.ResourceConfig;
import org.glassfish.jersey.servlet.ServletContainer;

/** Hands requests to Jersey, and with each the address of its peer, which Jersey itself does not tell a filter. */
public final class ApplicationServlet extends ServletContainer {
    private static final long serialVersionUID = 1L;

    public ApplicationServlet(ResourceConfig application) {
        super(application);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        String peer = request.getRemoteAddr();
        if (peer != null) {
            request.setAttribute(OriginFilter.PEER, peer);
        }
        super.service(request, response);
    }
}
