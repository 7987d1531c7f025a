package org.gatehouse.user;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.AccountId;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;

/** The authenticated user or service that made a request. */
public sealed interface Caller extends Principal permits UserCaller, ServiceCaller {
    /** Returns the caller of a request to a resource method that requires a token. */
    static Caller of(ContainerRequestContext request) {
        return ifAny(request).orElseThrow();
    }

    /** Returns the caller of a request; empty for a request without a token. */
    static Optional<Caller> ifAny(ContainerRequestContext request) {
        // The container may set a principal of another type. The result is then empty.
        return request.getSecurityContext().getUserPrincipal() instanceof Caller caller
                ? Optional.of(caller)
                : Optional.empty();
    }

    AccountId id();

    /** Returns the current roles of the caller. A service has only those that its token contains, too. */
    Set<String> roles();

    /** Returns where the request came from. */
    ClientInfo clientInfo();

    /** Returns whether a role of the caller has this permission. */
    default boolean may(Permission permission) {
        return permission.isHeldBy(roles());
    }

    default boolean is(UserId other) {
        return id().equals(other);
    }

    /**
     * Returns this caller as a user, for calls that concern the caller's own sessions, password or user.
     *
     * @throws GatehouseException {@code FORBIDDEN} if the caller is a service
     */
    default UserCaller requireUser() {
        if (this instanceof UserCaller user) {
            return user;
        }
        throw new GatehouseException(
                ErrorCode.FORBIDDEN, "This call is for users; a service has no sessions, no password and no user.");
    }

    /** Returns a new audit event of this type, with this caller as the actor. */
    default AuditEvent auditEvent(AuditType type) {
        return AuditEvent.of(type, clientInfo()).by(id());
    }

    @Override
    default String getName() {
        return id().hex();
    }
}
