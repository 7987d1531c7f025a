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
import java.util.List;
import java.util.stream.Collectors;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.user.Caller;
import org.gatehouse.user.ServiceCaller;
import org.gatehouse.user.UserCaller;

/** {@code /check}: lets a proxy authenticate and authorize the requests to another application. */
@Path("check")
public final class CheckResource {
    /**
     * Returns 204 if the caller has all these roles. The headers contain the caller's id, name (percent-encoded) and
     * roles (separated by commas).
     *
     * @param roles the names of roles, in exact case; none to accept every caller
     */
    @GET
    @RolesAllowed(Roles.ANY)
    public Response check(@QueryParam("role") List<String> roles, @Context ContainerRequestContext request) {
        Caller caller = Caller.of(request);
        if (!caller.roles().containsAll(roles)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
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
    public Response checkPost(@QueryParam("role") List<String> roles, @Context ContainerRequestContext request) {
        return check(roles, request);
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
