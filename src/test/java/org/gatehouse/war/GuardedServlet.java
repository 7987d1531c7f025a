package org.gatehouse.war;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A servlet of the application that {@link GuardedWar} packs. It shows the caller. */
public final class GuardedServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean first = request.getDispatcherType() == DispatcherType.REQUEST;
        if (request.getServletPath().equals("/async") && first) {
            AsyncContext async = request.startAsync();
            async.start(async::dispatch);
        } else if (request.getServletPath().equals("/teapot") && first) {
            response.sendError(418);
        } else {
            response.getWriter()
                    .print(request.getDispatcherType() + " " + request.getRemoteUser() + " "
                            + request.getUserPrincipal() + " " + request.getAuthType() + " admin="
                            + request.isUserInRole("admin"));
        }
    }
}
