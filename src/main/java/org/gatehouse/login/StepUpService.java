package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import org.gatehouse.auth.UserTokens;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengePurpose;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.json.Json;
import org.gatehouse.session.AuthenticatedSession;
import org.gatehouse.session.SessionService;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;

/**
 * Authenticates users again in their sessions (RFC 9470). The result is a new access token of the same session, with the
 * time and the methods of the new authentication.
 */
final class StepUpService {
    static final String PASSWORD = "password";

    private final UserDao users;
    private final StepUp stepUp;
    private final SecondFactor secondFactor;
    private final SessionService sessions;
    private final TokenGrants grants;
    private final LoginRecorder recorder;
    private final Clock clock;

    StepUpService(
            UserDao users,
            StepUp stepUp,
            SecondFactor secondFactor,
            SessionService sessions,
            TokenGrants grants,
            LoginRecorder recorder,
            Clock clock) {
        this.users = users;
        this.stepUp = stepUp;
        this.secondFactor = secondFactor;
        this.sessions = sessions;
        this.grants = grants;
        this.recorder = recorder;
        this.clock = clock;
    }

    /**
     * Authenticates the caller with the password.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED} that names {@link #PASSWORD}; {@code LOGIN_THROTTLED};
     *     {@code FACTOR_REQUIRED} with a challenge if the user has a second factor; {@code SESSION_ENDED}
     */
    ObjectNode stepUp(UserCaller caller, String password) {
        stepUp.requirePassword(caller.id(), password, PASSWORD, caller.clientInfo());
        User user = users.findLinearizable(caller.id()).orElseThrow(StepUpService::ended);
        if (user.hasFactor()) {
            throw secondFactor.required(
                    ChallengePurpose.STEP_UP, user, caller.sessionId().text(), caller.clientInfo());
        }
        return complete(user, caller.sessionId().text(), Authentication.password(clock.instant()), caller.clientInfo());
    }

    /**
     * Stores the new authentication, and issues a token.
     *
     * @param session the id of the session
     * @throws GatehouseException {@code SESSION_ENDED}
     */
    ObjectNode complete(User user, String session, Authentication authentication, ClientInfo client) {
        SessionId id = SessionId.parse(session).orElseThrow(StepUpService::ended);
        AuthenticatedSession stored =
                sessions.authenticate(id, user.id(), authentication).orElseThrow(StepUpService::ended);
        User current = users.findLinearizable(user.id()).orElseThrow(StepUpService::ended); // with custom fields
        UserTokens.Granted issued = grants.issue(current, stored);
        recorder.steppedUp(current, stored.id(), client);
        ObjectNode body = Json.MAPPER.createObjectNode();
        body.put("status", "success");
        body.put("message", "Authenticated as " + current.username());
        body.put("token", issued.token());
        body.put("tokenType", "Bearer");
        body.put("expiresIn", issued.lifetime().toSeconds());
        body.set("user", UserJson.write(current));
        return body;
    }

    private static GatehouseException ended() {
        return new GatehouseException(ErrorCode.SESSION_ENDED);
    }
}
