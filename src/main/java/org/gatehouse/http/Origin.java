package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Objects;

/**
 * Where a request came from, for what must be counted, remembered or shown by it.
 *
 * @param address the client's IP address in its shortest usual form
 * @param userAgent what the client calls itself, cut to {@link #MAX_USER_AGENT} characters; empty text when it does not say
 * @param requestId the name of the request
 */
public record Origin(String address, String userAgent, String requestId) {
    static final int MAX_USER_AGENT = 256;

    private static final String PROPERTY = Origin.class.getName();

    /** The origin of this request; every request of the application has one. */
    public static Origin of(ContainerRequestContext request) {
        return Objects.requireNonNull((Origin) request.getProperty(PROPERTY), "OriginFilter has not run");
    }

    void attachTo(ContainerRequestContext request) {
        request.setProperty(PROPERTY, this);
    }
}
