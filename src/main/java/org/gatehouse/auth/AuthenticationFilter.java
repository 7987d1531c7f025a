package org.gatehouse.auth;

import jakarta.annotation.Priority;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.core.SecurityContext;
import jakarta.ws.rs.ext.ReaderInterceptor;
import jakarta.ws.rs.ext.ReaderInterceptorContext;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.FilterOrder;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.Caller;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.jspecify.annotations.Nullable;

/**
 * Stands before every resource and lets nobody pass whom the method does not name.
 *
 * <p>A method says who may call it with {@code @PermitAll} or {@code @RolesAllowed}; one that says nothing is closed to
 * everybody. A {@code @PermitAll} method is reached without a look at any token.
 *
 * <p>Who may call is asked before a body is read, and once more when it has been: a caller can send a body as slowly as
 * the container lets it, and so keep a request at hand for the time after the session has ended.
 */
@Priority(FilterOrder.AUTHENTICATION)
public final class AuthenticationFilter implements ContainerRequestFilter, ReaderInterceptor {
    private static final String ADMISSION = AuthenticationFilter.class.getName();

    private final Authenticator authenticator;
    private final boolean registrationOpen;

    private final Map<Method, AccessRule> doors = new ConcurrentHashMap<>();

    /** What a method says about who may call it: anyone, or those with one of these roles. */
    private record AccessRule(boolean open, List<String> allowed) {
        static final AccessRule CLOSED = new AccessRule(false, List.of());

        static AccessRule of(Method method) {
            RolesAllowed roles = method.getAnnotation(RolesAllowed.class);
            return new AccessRule(
                    method.isAnnotationPresent(PermitAll.class), roles == null ? List.of() : List.of(roles.value()));
        }
    }

    /** @param registrationOpen whether {@link Roles#NEWCOMER} is anyone, or nobody */
    public AuthenticationFilter(Authenticator authenticator, boolean registrationOpen) {
        this.authenticator = authenticator;
        this.registrationOpen = registrationOpen;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        if (request.getMethod().equals(HttpMethod.OPTIONS)) {
            return; // no resource of ours answers it: Jersey does, with the list of methods
        }
        AccessRule door = methodOf(request)
                .map(method -> doors.computeIfAbsent(method, AccessRule::of))
                .orElse(AccessRule.CLOSED);
        if (door.open()) {
            return;
        }
        Runnable admission = () -> admit(request, door.allowed());
        admission.run();
        request.setProperty(ADMISSION, admission);
    }

    @Override
    public @Nullable Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        Object body = context.proceed();
        if (context.getProperty(ADMISSION) instanceof Runnable admission) {
            admission.run();
        }
        return body;
    }

    private static Optional<Method> methodOf(ContainerRequestContext request) {
        // Of the request itself, and not injected: then it would be found through a proxy, for each request anew.
        ExtendedUriInfo uri = (ExtendedUriInfo) request.getUriInfo();
        return Optional.ofNullable(uri.getMatchedResourceMethod())
                .map(matched -> matched.getInvocable().getHandlingMethod());
    }

    private void admit(ContainerRequestContext request, List<String> allowed) {
        boolean openToAll = registrationOpen && allowed.contains(Roles.NEWCOMER);
        Optional<Caller> caller = authenticator.callerIfAny(request);
        if (caller.isEmpty() && !openToAll) {
            throw Authenticator.tokenMissing(request);
        }
        // Also of who may not pass: the access log names him.
        caller.ifPresent(known -> request.setSecurityContext(new CallerContext(known, request.getSecurityContext())));
        if (!openToAll && caller.filter(known -> mayPass(known, allowed)).isEmpty()) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
    }

    private static boolean mayPass(Caller caller, List<String> allowed) {
        return allowed.contains(Roles.ANY) || caller.roles().stream().anyMatch(allowed::contains);
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
