package org.gatehouse.auth;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.BasicCredentials;
import org.gatehouse.http.BearerToken;

/** Reads the credentials in the headers of a request. Two different ones in one request are rejected. */
final class RequestCredentials {
    private static final String LEGACY_HEADER = "auth";
    /** A JWT without the scheme {@code Bearer} before it. */
    private static final Pattern BARE_TOKEN = Pattern.compile("[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]*");

    private RequestCredentials() {}

    /**
     * Returns the token in the header {@code Authorization: Bearer}, or in {@code auth} as clients of the legacy service
     * send it; empty if the request has none.
     *
     * @throws GatehouseException {@code TOKEN_AMBIGUOUS} if there are two different tokens
     */
    static Optional<String> tokenOf(ContainerRequestContext request) {
        String token = "";
        for (String value : valuesOf(request, HttpHeaders.AUTHORIZATION)) {
            token = onlyOf(token, BearerToken.of(value).orElse(""));
        }
        for (String value : valuesOf(request, LEGACY_HEADER)) {
            token = onlyOf(token, BearerToken.of(value).orElseGet(value::strip));
        }
        return token.isEmpty() ? Optional.empty() : Optional.of(token);
    }

    /**
     * Returns the credentials in the header {@code Authorization: Basic}; empty if the request has none.
     *
     * @throws GatehouseException {@code CLIENT_AMBIGUOUS} if there are two different ones
     */
    static Optional<BasicCredentials> basicOf(ContainerRequestContext request) {
        List<BasicCredentials> found = valuesOf(request, HttpHeaders.AUTHORIZATION).stream()
                .flatMap(value -> BasicCredentials.of(value).stream())
                .distinct()
                .toList();
        if (found.size() > 1) {
            throw new GatehouseException(ErrorCode.CLIENT_AMBIGUOUS);
        }
        return found.stream().findFirst();
    }

    /** Returns whether the header {@code Authorization} contains a token without a scheme. */
    static boolean hasBareToken(ContainerRequestContext request) {
        return valuesOf(request, HttpHeaders.AUTHORIZATION).stream()
                .anyMatch(value -> BARE_TOKEN.matcher(value.strip()).matches());
    }

    /** Returns the exception for a missing token, with a hint if the request has an {@code Authorization} header. */
    static GatehouseException tokenMissing(ContainerRequestContext request) {
        GatehouseException missing = new GatehouseException(ErrorCode.TOKEN_MISSING);
        return valuesOf(request, HttpHeaders.AUTHORIZATION).isEmpty()
                ? missing
                : missing.withHint("The header Authorization must begin with 'Bearer '");
    }

    /** Returns the token that is not empty; both may be the same. */
    private static String onlyOf(String first, String second) {
        if (!first.isEmpty() && !second.isEmpty() && !first.equals(second)) {
            throw new GatehouseException(ErrorCode.TOKEN_AMBIGUOUS);
        }
        return first.isEmpty() ? second : first;
    }

    private static List<String> valuesOf(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }
}
