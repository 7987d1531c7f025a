package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The other end of the connection that a request came through. */
public final class LoopbackCheck {
    /** What proxies add. The names that are not of RFC 7239 are those of common proxies. */
    private static final Set<String> OF_PROXIES = Set.of(
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

    /** What such names begin with. */
    private static final List<String> PREFIXES =
            List.of("x-forwarded", "x-original-", "x-envoy-", "x-proxy-", "x-azure-", "x-appengine-", "cf-", "cdn-");

    private LoopbackCheck() {}

    /**
     * Whether the client is on this machine: it connected through the loopback address and nothing says that it was only a
     * proxy that did. A proxy that adds no header at all cannot be told from a client.
     */
    public static boolean isOnThisMachine(ContainerRequestContext request) {
        // Jersey's properties are the attributes of the servlet's request.
        Optional<String> peer = Optional.ofNullable((String) request.getProperty(ClientInfoFilter.PEER));
        return peer.filter(LoopbackCheck::isLoopback).isPresent()
                && isLoopback(ClientInfo.of(request).address())
                && request.getHeaders().keySet().stream().noneMatch(LoopbackCheck::isOfProxy);
    }

    private static boolean isOfProxy(String header) {
        String name = header.toLowerCase(Locale.ROOT);
        return OF_PROXIES.contains(name) || PREFIXES.stream().anyMatch(name::startsWith);
    }

    private static boolean isLoopback(String address) {
        return IpAddress.parse(address)
                .filter(known -> known.value().isLoopbackAddress())
                .isPresent();
    }
}
