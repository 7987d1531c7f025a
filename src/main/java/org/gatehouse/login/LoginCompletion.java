package org.gatehouse.login;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.function.Function;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.IsoTime;
import org.gatehouse.json.Json;
import org.gatehouse.user.Credential;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserLeaving;

/**
 * Completes the logins of users who have proved everything that the login requires. Only these users learn that they are
 * leaving.
 */
final class LoginCompletion {
    private final TokenGrants grants;
    private final UserLeaving leaving;
    private final LoginRecorder recorder;

    LoginCompletion(TokenGrants grants, UserLeaving leaving, LoginRecorder recorder) {
        this.grants = grants;
        this.leaving = leaving;
        this.recorder = recorder;
    }

    /** A login: the client, how and when the user logged in, and whether a leaving user wants to keep the account. */
    record Login(ClientInfo client, Authentication authentication, boolean keepAccount) {}

    /**
     * Starts a session. If a leaving user wants to keep the account, cancels the deletion before.
     *
     * @param rejected see {@link TokenGrants#start}
     * @throws GatehouseException {@code ACCOUNT_LEAVING}, or the exceptions of {@link TokenGrants#start}
     */
    LoginResponse start(Credential credential, Login login, Function<UserId, GatehouseException> rejected) {
        Instant deletedAfter = credential.user().deletedAfter();
        if (deletedAfter != null && !login.keepAccount()) {
            recorder.failed(LoginOutcome.LEAVING, credential.user(), login.client());
            ObjectNode details =
                    Json.MAPPER.createObjectNode().put(UserJson.DELETED_AFTER, IsoTime.format(deletedAfter));
            throw GatehouseException.withDetails(ErrorCode.ACCOUNT_LEAVING, details);
        }
        if (deletedAfter != null) {
            leaving.stay(
                    credential,
                    login.client(),
                    () -> rejected.apply(credential.user().id()));
        }
        return grants.start(credential, login.client(), login.authentication(), rejected);
    }
}
