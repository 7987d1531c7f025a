package org.gatehouse.auth;

import java.security.Principal;
import java.util.Set;
import org.gatehouse.http.Origin;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;

/**
 * The holder of a valid token.
 *
 * @param account whom the token was issued to, as read for this request
 * @param sessionId the login that the token belongs to
 * @param epoch the number of the user's {@link SessionEpoch} at that login
 * @param origin where the request came from
 */
public record Caller(Account account, SessionId sessionId, long epoch, Origin origin) implements Principal {
    public UserId userId() {
        return account.id();
    }

    /** What the caller may do now. */
    public Set<String> roles() {
        return account.roles();
    }

    public boolean isAdmin() {
        return roles().contains(Roles.ADMIN);
    }

    public boolean is(UserId other) {
        return userId().equals(other);
    }

    /** Whether this account, read later than the caller was found out, still lets the caller's session go on. */
    public boolean isStillLetBy(Account later) {
        return later.active() && later.epoch().allows(sessionId, epoch);
    }

    @Override
    public String getName() {
        return userId().hex();
    }
}
