package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Objects;

/**
 * Describes the client that sent a request. Rate limits, sessions and logs use this description.
 *
 * @param address the client's IP address in the form of RFC 5952, or {@link #UNKNOWN}
 * @param userAgent the client's {@code User-Agent}, cut to {@link #MAX_USER_AGENT} characters; empty if it is absent
 * @param requestId the id of the request
 */
public record ClientInfo(String address, String userAgent, String requestId) {
    static final int MAX_USER_AGENT = 256;

    /** The value of {@code address} if the peer does not have an IP address, for example on a Unix domain socket. */
    static final String UNKNOWN = "unknown";

    static final String PROPERTY = ClientInfo.class.getName();

    /** Returns the client of this request. {@link ClientInfoFilter} must have run for the request. */
    public static ClientInfo of(ContainerRequestContext request) {
        return Objects.requireNonNull((ClientInfo) request.getProperty(PROPERTY), "ClientInfoFilter has not run");
    }

    /**
     * Returns the key under which rate limits count the client: its IPv4 address, or the /64 network of its IPv6
     * address. A home or server usually has a whole /64 network, and can use another of its addresses for each attempt.
     */
    public String source() {
        return IpAddress.parse(address).map(IpAddress::source).orElse(address);
    }
}
