package org.gatehouse.audit;

import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.security.Principal;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.MatchedMethod;
import org.gatehouse.identity.UserId;

/**
 * Records rejected tokens and denied requests, with the address of the client.
 *
 * <p>The {@link AuditLog} stores only the first of several similar events. Expired tokens are not recorded, because
 * every client sends such a token occasionally.
 */
final class RejectionAudit implements ContainerResponseFilter {
    private static final Set<ErrorCode> OF_TOKEN_IN_HEADER = EnumSet.of(
            ErrorCode.TOKEN_MALFORMED,
            ErrorCode.TOKEN_INVALID,
            ErrorCode.TOKEN_AMBIGUOUS,
            ErrorCode.SESSION_ENDED,
            ErrorCode.METRICS_TOKEN_WRONG);

    private final AuditLog audit;

    public RejectionAudit(AuditLog audit) {
        this.audit = audit;
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (response.getEntity() instanceof GatehouseException failure) {
            MatchedMethod.call(request).ifPresent(call -> record(failure.code(), request, call));
        }
    }

    private void record(ErrorCode code, ContainerRequestContext request, String call) {
        if (isRejectedToken(code, request)) {
            audit.recordRejection(event(AuditType.TOKEN_REJECTED, request, call).with(Detail.REASON, code.name()));
        } else if (code == ErrorCode.FORBIDDEN) {
            AuditEvent denied = event(AuditType.ACCESS_DENIED, request, call);
            Principal caller = request.getSecurityContext().getUserPrincipal();
            audit.recordRejection(Optional.ofNullable(caller)
                    .flatMap(known -> UserId.parse(known.getName()))
                    .map(denied::by)
                    .orElse(denied));
        }
    }

    private static AuditEvent event(AuditType type, ContainerRequestContext request, String call) {
        return AuditEvent.of(type, ClientInfo.of(request)).with(Detail.CALL, call);
    }

    /**
     * Returns true if a refresh token was unknown, or if a token in a header was rejected. Returns false if the session
     * of a refresh token has ended, because {@link AuditType#TOKEN_REUSED} records the reuse of a refresh token.
     */
    private static boolean isRejectedToken(ErrorCode code, ContainerRequestContext request) {
        return code == ErrorCode.REFRESH_TOKEN_INVALID
                || (OF_TOKEN_IN_HEADER.contains(code)
                        && (request.getHeaders().containsKey(HttpHeaders.AUTHORIZATION)
                                || request.getHeaders().containsKey("auth")));
    }
}
