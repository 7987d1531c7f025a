package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import org.gatehouse.auth.UserTokens;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.SessionUpgrade;
import org.gatehouse.identity.Authentication.Method;
import org.gatehouse.json.Json;
import org.gatehouse.session.AuthenticatedSession;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;

/** Issues the tokens of a session whose user has just added a factor. */
final class GrantedUpgrade implements SessionUpgrade {
    private final SessionService sessions;
    private final UserTokens tokens;
    private final Clock clock;

    GrantedUpgrade(SessionService sessions, UserTokens tokens, Clock clock) {
        this.sessions = sessions;
        this.tokens = tokens;
        this.clock = clock;
    }

    @Override
    public ObjectNode upgrade(UserCaller caller, User after, Set<Method> methods) {
        AuthenticatedSession session = sessions.addMethods(caller.sessionId(), caller.id(), methods)
                .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
        UserTokens.Granted granted = tokens.issue(after, session);
        ObjectNode members = Json.MAPPER.createObjectNode();
        members.put("token", granted.token());
        members.put("tokenType", "Bearer");
        members.put("expiresIn", granted.lifetime().toSeconds());
        sessions.firstRefreshToken(session.id())
                .ifPresent(refreshToken -> members.put("refreshToken", refreshToken)
                        .put(
                                "refreshExpiresIn",
                                Duration.between(clock.instant(), session.expiresAt())
                                        .toSeconds()));
        return members;
    }
}
