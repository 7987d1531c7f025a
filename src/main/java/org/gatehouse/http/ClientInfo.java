package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Locale;
import java.util.Objects;

/**
 * Describes the client that sent a request. Rate limits, sessions and logs use this description.
 *
 * @param address the client's IP address in the form of RFC 5952, or {@link #UNKNOWN}
 * @param userAgent the client's {@code User-Agent}, cut to {@link #MAX_USER_AGENT} characters; empty if it is absent
 * @param requestId the id of the request
 * @param acceptLanguage the client's {@code Accept-Language}; empty if it is absent
 */
public record ClientInfo(String address, String userAgent, String requestId, String acceptLanguage) {
    static final int MAX_USER_AGENT = 256;

    /** A longer header has languages that no client needs, and would cost time. */
    private static final int MAX_ACCEPT_LANGUAGE = 500;

    /** The value of {@code address} if the peer does not have an IP address, for example on a Unix domain socket. */
    static final String UNKNOWN = "unknown";

    static final String PROPERTY = ClientInfo.class.getName();

    /** Returns the client of this request. {@link ClientInfoFilter} must have run for the request. */
    public static ClientInfo of(ContainerRequestContext request) {
        return Objects.requireNonNull((ClientInfo) request.getProperty(PROPERTY), "ClientInfoFilter has not run");
    }

    /** Returns the language that the client prefers (RFC 9110, section 12.5.4), as a BCP 47 tag; empty if it is unknown. */
    public String language() {
        if (acceptLanguage.isEmpty() || acceptLanguage.length() > MAX_ACCEPT_LANGUAGE) {
            return "";
        }
        try {
            return Locale.LanguageRange.parse(acceptLanguage).stream()
                    .filter(range -> range.getWeight() > 0)
                    .map(Locale.LanguageRange::getRange)
                    .filter(range -> !range.startsWith("*"))
                    .findFirst()
                    .orElse("");
        } catch (IllegalArgumentException malformed) {
            return "";
        }
    }

    /**
     * Returns the key under which rate limits count the client: its IPv4 address, or the /64 network of its IPv6
     * address. A home or server usually has a whole /64 network, and can use another of its addresses for each attempt.
     */
    public String source() {
        return IpAddress.parse(address).map(IpAddress::source).orElse(address);
    }

    /**
     * Returns the range by which a client is recognized although its address changes: the /24 network of an IPv4
     * address, or the /48 network of an IPv6 address.
     */
    public String addressRange() {
        return IpAddress.parse(address).map(IpAddress::range).orElse(address);
    }
}
