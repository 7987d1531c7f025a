package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import org.gatehouse.error.ErrorCode;

/** Is told of every failure of a call, before it is answered; must not throw. */
public interface FailureObserver {
    /**
     * A call failed.
     *
     * @param request which has its {@link Origin}
     * @param call the method and the route, such as {@code GET /user/{id}}; never a text of the client
     */
    void failed(ErrorCode code, ContainerRequestContext request, String call);
}
