package org.gatehouse.auth;

import jakarta.annotation.Priority;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.SecurityContext;
import java.lang.reflect.Method;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Roles;
import org.jspecify.annotations.Nullable;

/**
 * Stands before every resource and lets nobody pass whom the method does not name.
 *
 * <p>A method says who may call it with {@code @PermitAll} or {@code @RolesAllowed}; one that says nothing is closed to
 * everybody. The token comes in {@code Authorization: Bearer} or, as in the original service, in {@code auth}.
 */
@Priority(Priorities.AUTHENTICATION)
public final class AuthenticationFilter implements ContainerRequestFilter {
    private static final String ORIGINAL_HEADER = "auth";
    private static final String BEARER = "bearer ";

    private final TokenVerifier verifier;

    @Context
    private @Nullable ResourceInfo resource;

    public AuthenticationFilter(TokenVerifier verifier) {
        this.verifier = verifier;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        if (request.getMethod().equals(HttpMethod.OPTIONS)) {
            return; // no resource of ours answers it: Jersey does, with the list of methods
        }
        Method method = resource == null ? null : resource.getResourceMethod();
        if (method != null && method.isAnnotationPresent(PermitAll.class)) {
            return;
        }
        AccessToken token = verifier.verify(tokenOf(request));
        Caller caller = new Caller(token.userId(), token.sessionId(), token.roles());
        RolesAllowed allowed = method == null ? null : method.getAnnotation(RolesAllowed.class);
        if (allowed == null || !mayPass(caller, List.of(allowed.value()))) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
        request.setSecurityContext(new CallerContext(caller, request.getSecurityContext()));
    }

    private static boolean mayPass(Caller caller, List<String> allowed) {
        return allowed.contains(Roles.ANY) || caller.roles().stream().anyMatch(allowed::contains);
    }

    private static String tokenOf(ContainerRequestContext request) {
        Set<String> tokens = new LinkedHashSet<>();
        for (String value : valuesOf(request, HttpHeaders.AUTHORIZATION)) {
            if (value.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
                tokens.add(value.substring(BEARER.length()).strip());
            }
        }
        for (String value : valuesOf(request, ORIGINAL_HEADER)) {
            tokens.add(value.strip());
        }
        tokens.remove("");
        if (tokens.isEmpty()) {
            throw new GatehouseException(ErrorCode.TOKEN_MISSING);
        }
        if (tokens.size() > 1) {
            throw new GatehouseException(ErrorCode.TOKEN_AMBIGUOUS);
        }
        return tokens.iterator().next();
    }

    private static List<String> valuesOf(ContainerRequestContext request, String header) {
        return request.getHeaders().getOrDefault(header, List.of());
    }

    private record CallerContext(Caller caller, SecurityContext outer) implements SecurityContext {
        @Override
        public Caller getUserPrincipal() {
            return caller;
        }

        @Override
        public boolean isUserInRole(String role) {
            return caller.roles().contains(role);
        }

        @Override
        public boolean isSecure() {
            return outer.isSecure();
        }

        @Override
        public String getAuthenticationScheme() {
            return "Bearer";
        }
    }
}
