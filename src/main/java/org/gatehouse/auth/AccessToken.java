package org.gatehouse.auth;

import java.time.Instant;
import java.util.Set;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * The claims of a token that Gatehouse signed. They do not show whether the token's session is still live.
 *
 * @param id the {@code jti}
 * @param issuer the {@code iss}, which may be the previous issuer
 * @param clientId the {@code client_id}
 * @param roles the roles of the user or service when the token was issued; access checks use the current roles
 * @param authentication the authentication of a user; null for a service, and in tokens of earlier versions
 * @param enrolment whether the token only allows its user to add a second factor; see {@link EnrolmentCheck}
 */
record AccessToken(
        String id,
        String issuer,
        Subject subject,
        String clientId,
        Set<String> roles,
        Instant issuedAt,
        Instant expiresAt,
        @Nullable Authentication authentication,
        boolean enrolment) {
    public AccessToken {
        roles = Set.copyOf(roles);
    }

    /** The account for which a token was issued. */
    sealed interface Subject permits UserSession, Service {}

    /** A session of a user. */
    record UserSession(UserId userId, SessionId sessionId) implements Subject {}

    /**
     * A service.
     *
     * @param epoch the number of the account when the token was issued; another number ends the token
     */
    record Service(ServiceId id, long epoch) implements Subject {}
}
