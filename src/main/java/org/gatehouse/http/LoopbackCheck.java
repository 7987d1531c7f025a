package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Checks whether a request came from this machine. */
public final class LoopbackCheck {
    /** The standard and common headers that proxies add. */
    private static final Set<String> PROXY_HEADERS = Set.of(
            "forwarded",
            "forwarded-for",
            "via",
            "x-real-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "true-client-ip",
            "client-ip",
            "fastly-client-ip",
            "fly-client-ip",
            "x-proxyuser-ip",
            "x-scheme",
            "x-amzn-trace-id",
            "x-arr-log-id",
            "x-request-start");

    /** Prefixes of further headers that proxies add. */
    private static final List<String> PREFIXES =
            List.of("x-forwarded", "x-original-", "x-envoy-", "x-proxy-", "x-azure-", "x-appengine-", "cf-", "cdn-");

    private LoopbackCheck() {}

    /**
     * Returns whether the client is on this machine. The peer and the client must have loopback addresses, and the
     * request must not have a proxy header. A proxy on this machine cannot be detected if it does not add headers.
     */
    public static boolean isOnThisMachine(ContainerRequestContext request) {
        // A property of the Jersey request is an attribute of the servlet request.
        return request.getProperty(ClientInfoFilter.PEER) instanceof String peer
                && isLoopback(peer)
                && isLoopback(ClientInfo.of(request).address())
                && request.getHeaders().keySet().stream().noneMatch(LoopbackCheck::isOfProxy);
    }

    private static boolean isOfProxy(String header) {
        String name = header.toLowerCase(Locale.ROOT);
        return PROXY_HEADERS.contains(name) || PREFIXES.stream().anyMatch(name::startsWith);
    }

    private static boolean isLoopback(String address) {
        return IpAddress.parse(address)
                .filter(known -> known.value().isLoopbackAddress())
                .isPresent();
    }
}
