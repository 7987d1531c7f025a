package org.gatehouse.login;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.EnumSet;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengePurpose;
import org.gatehouse.factor.FactorResponse;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.factor.SecondFactor.Passed;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.Authentication.Method;
import org.gatehouse.json.Json;
import org.gatehouse.login.LoginCompletion.Login;

/** Completes logins and step-ups with a second factor, and logs users in with a passkey only. */
final class FactorLogin {
    private static final EnumSet<ChallengePurpose> PURPOSES =
            EnumSet.of(ChallengePurpose.LOGIN, ChallengePurpose.STEP_UP);

    private final SecondFactor secondFactor;
    private final LoginCompletion completion;
    private final StepUpService stepUps;
    private final LoginRecorder recorder;
    private final Clock clock;

    FactorLogin(
            SecondFactor secondFactor,
            LoginCompletion completion,
            StepUpService stepUps,
            LoginRecorder recorder,
            Clock clock) {
        this.secondFactor = secondFactor;
        this.completion = completion;
        this.stepUps = stepUps;
        this.recorder = recorder;
        this.clock = clock;
    }

    /**
     * Completes the login or the step-up of a challenge.
     *
     * @param keepAccount whether a leaving user wants to keep the account
     * @throws org.gatehouse.error.GatehouseException {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG},
     *     {@code LOGIN_THROTTLED}, {@code ACCOUNT_LEAVING}; {@code SESSION_ENDED} if the session of the step-up has ended
     */
    ObjectNode logIn(FactorResponse response, boolean keepAccount, ClientInfo client) {
        Passed passed = secondFactor.check(response, PURPOSES, null, client);
        Set<Method> methods = passed.type().afterPassword();
        Authentication authentication = new Authentication(clock.instant(), methods);
        ObjectNode body;
        if (passed.purpose() == ChallengePurpose.STEP_UP) {
            body = stepUps.complete(passed.credential().user(), passed.binding(), authentication, client);
        } else {
            body = start(passed, new Login(client, authentication, keepAccount));
        }
        if (passed.recoveryCodesLeft() != null) {
            body.put("recoveryCodesLeft", passed.recoveryCodesLeft());
        }
        return body;
    }

    /**
     * Logs a user in with a passkey.
     *
     * @param credential the {@code AuthenticationResponseJSON}
     * @param keepAccount whether a leaving user wants to keep the account
     * @throws org.gatehouse.error.GatehouseException {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG},
     *     {@code ACCOUNT_LEAVING}, {@code PASSKEYS_NOT_CONFIGURED}
     */
    ObjectNode logInWithPasskey(JsonNode credential, boolean keepAccount, ClientInfo client) {
        Passed passed = secondFactor.checkPasskey(credential, client);
        Authentication authentication = new Authentication(clock.instant(), Set.of(Method.HWK, Method.MFA));
        return start(passed, new Login(client, authentication, keepAccount));
    }

    private ObjectNode start(Passed passed, Login login) {
        LoginResponse response = completion.start(
                passed.credential(), login, deleted -> new GatehouseException(ErrorCode.CHALLENGE_INVALID));
        recorder.succeeded();
        return Json.MAPPER.valueToTree(response);
    }
}
