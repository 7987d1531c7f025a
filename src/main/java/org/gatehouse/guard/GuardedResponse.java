package org.gatehouse.guard;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;

/**
 * Adds the challenge to a 401 or 403 that the application itself sends, for example because of {@code @RolesAllowed}. A
 * challenge of the application is kept.
 */
final class GuardedResponse extends HttpServletResponseWrapper {
    private static final String CHALLENGE = "WWW-Authenticate";

    private final boolean authenticated;

    GuardedResponse(HttpServletResponse response, boolean authenticated) {
        super(response);
        this.authenticated = authenticated;
    }

    @Override
    public void setStatus(int status) {
        challenge(status);
        super.setStatus(status);
    }

    @Override
    public void sendError(int status) throws IOException {
        challenge(status);
        super.sendError(status);
    }

    @Override
    public void sendError(int status, String message) throws IOException {
        challenge(status);
        super.sendError(status, message);
    }

    private void challenge(int status) {
        boolean challenged = status == SC_UNAUTHORIZED || (status == SC_FORBIDDEN && authenticated);
        if (challenged && !containsHeader(CHALLENGE)) {
            setHeader(
                    CHALLENGE,
                    status == SC_FORBIDDEN
                            ? Rejection.forbiddenByApplication()
                            : Rejection.unauthorizedByApplication());
        }
    }
}
