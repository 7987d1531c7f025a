package org.gatehouse.auth;

import java.time.Instant;
import java.util.Set;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * The claims of a token that Gatehouse signed. They do not show whether the token's session is still live.
 *
 * @param id the {@code jti}
 * @param issuer the {@code iss}, which may be the previous issuer
 * @param roles the user's roles when the token was issued; access checks use the user's current roles instead
 */
record AccessToken(
        String id,
        String issuer,
        UserId userId,
        SessionId sessionId,
        Set<String> roles,
        Instant issuedAt,
        Instant expiresAt) {
    public AccessToken {
        roles = Set.copyOf(roles);
    }
}
