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
 * @param begunUnder the number of the user's {@link SessionCutoff} at that login
 * @param roles what the caller may do now
 * @param origin where the request came from
 */
public record Caller(UserId userId, SessionId sessionId, long begunUnder, Set<String> roles, Origin origin)
        implements Principal {
    public Caller {
        roles = Set.copyOf(roles);
    }

    public boolean isAdmin() {
        return roles.contains(Roles.ADMIN);
    }

    public boolean is(UserId other) {
        return userId.equals(other);
    }

    /** Whether this account, read later than the caller was found out, still lets the caller's session go on. */
    public boolean isStillLetBy(Account account) {
        return account.active() && account.cutoff().spares(sessionId, begunUnder);
    }

    @Override
    public String getName() {
        return userId.hex();
    }
}
