package org.gatehouse.auth;

import java.security.Principal;
import java.util.Set;
import org.gatehouse.http.Origin;
import org.gatehouse.http.Roles;

/**
 * The holder of a valid token.
 *
 * @param userId whom the token was issued to
 * @param sessionId the login that the token belongs to
 * @param roles what the caller may do now
 * @param origin where the request came from
 */
public record Caller(UserId userId, SessionId sessionId, Set<String> roles, Origin origin) implements Principal {
    public Caller {
        roles = Set.copyOf(roles);
    }

    public boolean isAdmin() {
        return roles.contains(Roles.ADMIN);
    }

    public boolean is(UserId other) {
        return userId.equals(other);
    }

    @Override
    public String getName() {
        return userId.hex();
    }
}
