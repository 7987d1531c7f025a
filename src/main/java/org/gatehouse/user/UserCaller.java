package org.gatehouse.user;

import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Set;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * The authenticated user and session of a request with a valid token.
 *
 * @param user the user as read for this request
 * @param sessionId the session that the token belongs to
 * @param epoch the number of the user's {@link SessionEpoch} when the session began
 * @param authentication the claims of the token; null for a token of an earlier version
 */
public record UserCaller(
        User user,
        SessionId sessionId,
        long epoch,
        @Nullable Authentication authentication,
        ClientInfo clientInfo) implements Caller {
    /**
     * Returns the caller of a request to a resource method that only users may call.
     *
     * @throws GatehouseException {@code FORBIDDEN} if the caller is a service
     */
    public static UserCaller of(ContainerRequestContext request) {
        return Caller.of(request).requireUser();
    }

    @Override
    public UserId id() {
        return user.id();
    }

    @Override
    public Set<String> roles() {
        return user.roles();
    }

    /**
     * Whether the caller's session is still authorized.
     *
     * @param later the caller's user, read after {@link #user} was read
     */
    public boolean isStillAuthorized(User later) {
        return later.allows(sessionId, epoch);
    }
}
