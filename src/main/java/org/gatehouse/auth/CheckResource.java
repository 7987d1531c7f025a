package org.gatehouse.auth;

import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Roles;
import org.gatehouse.session.CachedSessions;
import org.gatehouse.user.Caller;
import org.gatehouse.user.ServiceCaller;
import org.gatehouse.user.UserCaller;
import org.jspecify.annotations.Nullable;

/** {@code /check}: lets a proxy authenticate and authorize the requests to another application. */
@Path("check")
public final class CheckResource {
    private final CachedSessions sessions;
    private final Clock clock;

    CheckResource(CachedSessions sessions, Clock clock) {
        this.sessions = sessions;
        this.clock = clock;
    }

    /**
     * Returns 204 if the caller has all these roles and this authentication. The headers contain the caller's id, name
     * (percent-encoded) and roles (separated by commas).
     *
     * @param roles the names of roles, in exact case; none to accept every caller
     * @param acr the required class of the authentication; absent to accept every class
     * @param maxAge the maximum age of the authentication in seconds; absent to accept every age
     */
    @GET
    @RolesAllowed(Roles.ANY)
    public Response check(
            @QueryParam("role") List<String> roles,
            @QueryParam(RequiredAuthentication.ACR) @Nullable String acr,
            @QueryParam(RequiredAuthentication.MAX_AGE) @Nullable String maxAge,
            @Context ContainerRequestContext request) {
        FieldErrors errors = new FieldErrors();
        RequiredAuthentication required = RequiredAuthentication.parse(acr, maxAge, errors);
        errors.throwIfAny();
        Caller caller = Caller.of(request);
        if (!caller.roles().containsAll(roles)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
        if (!required.isEmpty()) {
            required.require(authentication(caller), clock.instant());
        }
        return Response.noContent()
                .header("X-User-Id", caller.id().hex())
                .header("X-Username", percentEncoded(name(caller)))
                .header(
                        "X-Roles",
                        caller.roles().stream()
                                .filter(role ->
                                        Roles.NAME.matcher(role).matches()) // others cannot be told apart in a header
                                .sorted()
                                .collect(Collectors.joining(",")))
                .build();
    }

    /** Like {@link #check}, because some proxies repeat the method of the original request. */
    @POST
    @RolesAllowed(Roles.ANY)
    public Response checkPost(
            @QueryParam("role") List<String> roles,
            @QueryParam(RequiredAuthentication.ACR) @Nullable String acr,
            @QueryParam(RequiredAuthentication.MAX_AGE) @Nullable String maxAge,
            @Context ContainerRequestContext request) {
        return check(roles, acr, maxAge, request);
    }

    /** Returns the authentication in the token; that of the session for a token of an earlier version. */
    private Authentication authentication(Caller caller) {
        if (caller instanceof ServiceCaller service) {
            return service.authentication();
        }
        UserCaller user = caller.requireUser();
        return Optional.ofNullable(user.authentication())
                .or(() -> sessions.authentication(user.sessionId()))
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    private static String name(Caller caller) {
        return caller instanceof UserCaller user ? user.user().username() : ((ServiceCaller) caller).name();
    }

    /** Encodes all bytes except the unreserved characters of RFC 3986, section 2.3. */
    private static String percentEncoded(String text) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean unreserved = (b >= '0' && b <= '9')
                    || (b >= 'A' && b <= 'Z')
                    || (b >= 'a' && b <= 'z')
                    || "-._~".indexOf(b) >= 0;
            if (unreserved) {
                encoded.append((char) b);
            } else {
                encoded.append(String.format("%%%02X", b));
            }
        }
        return encoded.toString();
    }
}
