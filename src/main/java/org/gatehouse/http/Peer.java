package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.List;
import java.util.Optional;

/** The other end of the connection that a request came through. */
public final class Peer {
    /** What proxies add. The names that are not of RFC 7239 are those of common proxies. */
    private static final List<String> OF_PROXIES =
            List.of("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP");

    private Peer() {}

    /**
     * Whether the client is on this machine: it connected through the loopback address and nothing says that it was only a
     * proxy that did. A proxy that adds no header at all cannot be told from a client.
     */
    public static boolean isOnThisMachine(ContainerRequestContext request) {
        // Jersey's properties are the attributes of the servlet's request.
        Optional<String> peer = Optional.ofNullable((String) request.getProperty(OriginFilter.PEER));
        return peer.filter(Peer::isLoopback).isPresent()
                && isLoopback(Origin.of(request).address())
                && OF_PROXIES.stream().noneMatch(request.getHeaders()::containsKey);
    }

    private static boolean isLoopback(String address) {
        return IpAddress.parse(address)
                .filter(known -> known.value().isLoopbackAddress())
                .isPresent();
    }
}
