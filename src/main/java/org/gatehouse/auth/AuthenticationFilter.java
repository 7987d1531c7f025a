package org.gatehouse.auth;

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
import java.util.stream.Stream;
import org.gatehouse.auth.Authenticator.Authenticated;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.AllowsEnrolment;
import org.gatehouse.user.Caller;
import org.glassfish.jersey.server.ExtendedUriInfo;
import org.glassfish.jersey.server.model.ResourceMethod;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates every request and rejects callers that the matched resource method does not allow.
 *
 * <p>A method declares its allowed callers with {@code @PermitAll}, {@link Requires} or {@code @RolesAllowed}. A method
 * without these annotations rejects all callers. A {@code @PermitAll} method runs without a check of the token.
 *
 * <p>Callers are checked before and after the body is read. The second check rejects a request whose session ends while
 * the client sends the body.
 */
final class AuthenticationFilter implements ContainerRequestFilter, ReaderInterceptor {
    private static final String AUTHORIZATION_CHECK = AuthenticationFilter.class.getName();

    private final Map<ResourceMethod, AccessRule> rules = new ConcurrentHashMap<>();
    private final Authenticator authenticator;
    private final boolean registrationOpen;

    /** @param registrationOpen whether every client has the role {@link Roles#NEWCOMER}; if false, no client has it */
    public AuthenticationFilter(Authenticator authenticator, boolean registrationOpen) {
        this.authenticator = authenticator;
        this.registrationOpen = registrationOpen;
    }

    @Override
    public void filter(ContainerRequestContext request) {
        if (request.getMethod().equals(HttpMethod.OPTIONS)) {
            return; // Jersey responds to OPTIONS with the list of methods
        }
        AccessRule rule = ruleOf(request);
        if (rule.open()) {
            return;
        }
        Runnable admission = () -> admit(request, rule);
        admission.run();
        request.setProperty(AUTHORIZATION_CHECK, admission);
    }

    @Override
    public @Nullable Object aroundReadFrom(ReaderInterceptorContext context) throws IOException {
        Object body = context.proceed();
        if (context.getProperty(AUTHORIZATION_CHECK) instanceof Runnable admission) {
            admission.run();
        }
        return body;
    }

    private AccessRule ruleOf(ContainerRequestContext request) {
        // An injected UriInfo would be a proxy, which looks up the current request at each call.
        ResourceMethod matched = ((ExtendedUriInfo) request.getUriInfo()).getMatchedResourceMethod();
        return matched == null ? AccessRule.NOT_ALLOWED : rules.computeIfAbsent(matched, AccessRule::of);
    }

    private void admit(ContainerRequestContext request, AccessRule rule) {
        List<String> allowed = rule.allowed();
        Caller caller = callerIfAny(request, rule).orElse(null);
        if (registrationOpen && allowed.contains(Roles.NEWCOMER)) {
            return;
        }
        if (caller == null) {
            throw RequestCredentials.tokenMissing(request);
        }
        if (!isAllowed(caller, allowed)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
    }

    /** Sets the caller before a possible rejection, because the access log also names the user of a rejected request. */
    private Optional<Caller> callerIfAny(ContainerRequestContext request, AccessRule rule) {
        Optional<Authenticated> found = authenticator.authenticateIfAny(request, rule.basic());
        found.ifPresent(authenticated -> {
            request.setSecurityContext(new CallerContext(authenticated.caller(), request.getSecurityContext()));
            if (!rule.enrolment()) {
                authenticator.requireEnrolled(authenticated);
            }
        });
        return found.map(Authenticated::caller);
    }

    private static boolean isAllowed(Caller caller, List<String> allowed) {
        return allowed.contains(Roles.ANY) || caller.roles().stream().anyMatch(allowed::contains);
    }

    /**
     * The callers that a method allows.
     *
     * @param open whether the method allows all callers, even without a token
     * @param allowed the roles of other callers: those that the method names, and those that have its permission
     * @param basic whether a service may authenticate with {@code Authorization: Basic}
     * @param enrolment whether the method also allows users who must add a second factor
     */
    private record AccessRule(boolean open, List<String> allowed, boolean basic, boolean enrolment) {
        static final AccessRule NOT_ALLOWED = new AccessRule(false, List.of(), false, false);

        static AccessRule of(ResourceMethod matched) {
            Method method = matched.getInvocable().getHandlingMethod();
            RolesAllowed roles = method.getAnnotation(RolesAllowed.class);
            Requires requires = method.getAnnotation(Requires.class);
            return new AccessRule(
                    method.isAnnotationPresent(PermitAll.class),
                    Stream.concat(
                                    roles == null ? Stream.empty() : Stream.of(roles.value()),
                                    requires == null ? Stream.empty() : requires.value().roles().stream())
                            .toList(),
                    method.isAnnotationPresent(AllowsBasic.class),
                    method.isAnnotationPresent(AllowsEnrolment.class));
        }
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
