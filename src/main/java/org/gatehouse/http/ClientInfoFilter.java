package org.gatehouse.http;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Attaches the {@link ClientInfo} to each request. */
final class ClientInfoFilter implements ContainerRequestFilter {
    /** The request attribute that holds the address of the peer; absent if the peer does not have an address. */
    static final String PEER = "org.gatehouse.peer";

    private static final String FORWARDED = "Forwarded";
    private static final String X_FORWARDED_FOR = "X-Forwarded-For";

    private final TrustedProxies proxies;

    public ClientInfoFilter(TrustedProxies proxies) {
        this.proxies = proxies;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        String userAgent = Objects.requireNonNullElse(request.getHeaderString(HttpHeaders.USER_AGENT), "");
        ClientInfo client = new ClientInfo(
                address(request),
                userAgent.substring(0, Math.min(userAgent.length(), ClientInfo.MAX_USER_AGENT)),
                Objects.requireNonNullElse(RequestId.current(), ""),
                Objects.requireNonNullElse(request.getHeaderString(HttpHeaders.ACCEPT_LANGUAGE), ""));
        request.setProperty(ClientInfo.PROPERTY, client);
    }

    private String address(ContainerRequestContext request) {
        // A property of the Jersey request is an attribute of the servlet request.
        return Optional.ofNullable((String) request.getProperty(PEER))
                .flatMap(IpAddress::parse)
                .map(known -> proxies.clientOf(known, lines(request, FORWARDED), lines(request, X_FORWARDED_FOR)))
                .map(IpAddress::text)
                .orElse(ClientInfo.UNKNOWN);
    }

    private static List<String> lines(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }
}
