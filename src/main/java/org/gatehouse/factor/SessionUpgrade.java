package org.gatehouse.factor;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.gatehouse.identity.Authentication.Method;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;

/** Records in the caller's session that the user has enrolled a factor. */
@FunctionalInterface
public interface SessionUpgrade {
    /**
     * Adds methods to the authentication of the caller's session, and issues a new access token for it.
     *
     * @param after the caller's user after the factor was added
     * @return the members for the response: {@code token}, {@code tokenType} and {@code expiresIn}; for a session whose
     *     refresh token the client does not have yet, also those of the refresh token
     * @throws org.gatehouse.error.GatehouseException {@code SESSION_ENDED}
     */
    ObjectNode upgrade(UserCaller caller, User after, Set<Method> methods);
}
