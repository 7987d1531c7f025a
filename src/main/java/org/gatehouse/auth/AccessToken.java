package org.gatehouse.auth;

import java.time.Instant;
import java.util.Set;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * What a token says whose signature is ours and which has not expired; whether its session lives is another question.
 *
 * @param id the {@code jti}
 * @param roles those of the time of issue; what the caller may do now is the account's to say
 */
public record AccessToken(
        String id, UserId userId, SessionId sessionId, Set<String> roles, Instant issuedAt, Instant expiresAt) {
    public AccessToken {
        roles = Set.copyOf(roles);
    }
}
