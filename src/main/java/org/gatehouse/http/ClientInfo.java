package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Objects;

/**
 * The client of a request, as rate limits, sessions and logs need it.
 *
 * @param address the client's IP address in the form of RFC 5952, or {@link #UNKNOWN}
 * @param userAgent the client's {@code User-Agent}, cut to {@link #MAX_USER_AGENT} characters; empty if it is absent
 * @param requestId the id of the request
 */
public record ClientInfo(String address, String userAgent, String requestId) {
    static final int MAX_USER_AGENT = 256;

    /** The address of a peer without an IP address, such as one on a Unix domain socket. */
    static final String UNKNOWN = "unknown";

    static final String PROPERTY = ClientInfo.class.getName();

    /** Returns the client of this request. Every request of the application has one. */
    public static ClientInfo of(ContainerRequestContext request) {
        return Objects.requireNonNull((ClientInfo) request.getProperty(PROPERTY), "ClientInfoFilter has not run");
    }

    /**
     * Returns the key for counting and recognizing the client: its IPv4 address, or the /64 of its IPv6 address. A
     * single home or server usually has a /64 to itself, with 2^64 addresses, and can use a new one for each attempt.
     */
    public String source() {
        return IpAddress.parse(address).map(IpAddress::source).orElse(address);
    }
}
