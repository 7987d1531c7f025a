package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Objects;

/**
 * Where a request came from, for what must be counted, remembered or shown by it.
 *
 * @param address the client's IP address in the form of RFC 5952, or {@link #UNKNOWN}
 * @param userAgent what the client calls itself, cut to {@link #MAX_USER_AGENT} characters; empty text when it does not say
 * @param requestId the name of the request
 */
public record ClientInfo(String address, String userAgent, String requestId) {
    static final int MAX_USER_AGENT = 256;

    /** The address of a peer that has none, such as one on a Unix domain socket. */
    static final String UNKNOWN = "unknown";

    private static final String PROPERTY = ClientInfo.class.getName();

    /** The origin of this request; every request of the application has one. */
    public static ClientInfo of(ContainerRequestContext request) {
        return Objects.requireNonNull((ClientInfo) request.getProperty(PROPERTY), "OriginFilter has not run");
    }

    /**
     * What the client is counted and recognised by: its IPv4 address, or the /64 of its IPv6 address, because that is what
     * a single home or server has to itself: 2^64 addresses, a new one for each attempt if it likes.
     */
    public String source() {
        return IpAddress.parse(address).map(IpAddress::source).orElse(address);
    }

    void attachTo(ContainerRequestContext request) {
        request.setProperty(PROPERTY, this);
    }
}
