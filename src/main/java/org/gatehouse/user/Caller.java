package org.gatehouse.user;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditType;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * The authenticated user and session of a request with a valid token.
 *
 * @param user the user as read for this request
 * @param sessionId the session that the token belongs to
 * @param epoch the number of the user's {@link SessionEpoch} when the session began
 * @param clientInfo where the request came from
 */
public record Caller(User user, SessionId sessionId, long epoch, ClientInfo clientInfo) implements Principal {
    /** Returns the caller of a request to a resource method that requires a token. */
    public static Caller of(ContainerRequestContext request) {
        return ifAny(request).orElseThrow();
    }

    /** Returns the caller of a request; empty for a request without a token. */
    static Optional<Caller> ifAny(ContainerRequestContext request) {
        // The container may set a principal of another type. The result is then empty.
        return request.getSecurityContext().getUserPrincipal() instanceof Caller caller
                ? Optional.of(caller)
                : Optional.empty();
    }

    public UserId userId() {
        return user.id();
    }

    /** Returns the current roles of the caller. */
    public Set<String> roles() {
        return user.roles();
    }

    public boolean isAdmin() {
        return user.isAdministrator();
    }

    public boolean is(UserId other) {
        return userId().equals(other);
    }

    /**
     * Whether the caller's session is still authorized.
     *
     * @param later the caller's user, read after {@link #user} was read
     */
    public boolean isStillAuthorized(User later) {
        return later.allows(sessionId, epoch);
    }

    /** Returns a new audit event of this type, with this caller as the actor. */
    public AuditEvent auditEvent(AuditType type) {
        return AuditEvent.of(type, clientInfo).by(userId());
    }

    @Override
    public String getName() {
        return userId().hex();
    }
}
