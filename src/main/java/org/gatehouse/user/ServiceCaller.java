package org.gatehouse.user;

import java.util.Set;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.ServiceId;

/**
 * The authenticated service of a request with a valid token, or with the id and a secret of the service.
 *
 * @param name the name of the service, for people
 * @param epoch the number that must not have changed for the token to be valid
 * @param authentication when the token was issued, or the time of the request if it contains a secret
 */
public record ServiceCaller(
        ServiceId id, String name, Set<String> roles, long epoch, Authentication authentication, ClientInfo clientInfo)
        implements Caller {
    public ServiceCaller {
        roles = Set.copyOf(roles);
    }
}
