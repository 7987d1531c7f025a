package org.gatehouse.login;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.FactorThrottle;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;
import org.gatehouse.user.Caller;
import org.gatehouse.user.User;
import org.gatehouse.user.UserService;

/** {@code /user/{id}/throttle}: lets administrators read and delete the failed-login counts of a user. */
@Path("user/{id}/throttle")
@Produces(MediaType.APPLICATION_JSON)
public final class ThrottleResource {
    private final UserService users;
    private final LoginThrottle throttle;
    private final FactorThrottle factorThrottle;
    private final AuditLog audit;

    public ThrottleResource(UserService users, LoginThrottle throttle, FactorThrottle factorThrottle, AuditLog audit) {
        this.users = users;
        this.throttle = throttle;
        this.factorThrottle = factorThrottle;
        this.audit = audit;
    }

    /** Returns 200 with the current counts: one for all strangers together, and one for each source. */
    @GET
    @Requires(Permission.THROTTLE_READ)
    public byte[] find(@PathParam("id") String id, @Context ContainerRequestContext request) {
        User user = users.find(Caller.of(request), id, Permission.THROTTLE_READ);
        return Json.write(FailedLogins.of(user, throttle, factorThrottle));
    }

    /**
     * Returns 204 after all counts of the user have been deleted. The counts limit the guessing of passwords, so support
     * may not delete those of an account that has more permissions than the caller.
     */
    @DELETE
    @Requires(Permission.THROTTLE_CLEAR)
    public void clear(@PathParam("id") String id, @Context ContainerRequestContext request) {
        Caller caller = Caller.of(request);
        User user = users.find(caller, id, Permission.THROTTLE_CLEAR);
        if (!caller.may(Permission.USERS_WRITE) && Permission.areAdded(caller.roles(), user.roles())) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
        throttle.clear(user.id(), user.username());
        factorThrottle.clear(user.id());
        user.verifiedEmail().ifPresent(address -> throttle.clear(user.id(), address.canonical()));
        audit.record(caller.auditEvent(AuditType.THROTTLE_CLEARED).on(user.id(), user.username()));
    }
}
