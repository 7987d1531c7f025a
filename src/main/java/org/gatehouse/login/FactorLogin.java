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

/** Completes logins and step-ups with a second factor, and logs users in with a passkey only. */
final class FactorLogin {
    private static final EnumSet<ChallengePurpose> PURPOSES =
            EnumSet.of(ChallengePurpose.LOGIN, ChallengePurpose.STEP_UP);

    private final SecondFactor secondFactor;
    private final TokenGrants grants;
    private final StepUpService stepUps;
    private final LoginRecorder recorder;
    private final Clock clock;

    FactorLogin(
            SecondFactor secondFactor, TokenGrants grants, StepUpService stepUps, LoginRecorder recorder, Clock clock) {
        this.secondFactor = secondFactor;
        this.grants = grants;
        this.stepUps = stepUps;
        this.recorder = recorder;
        this.clock = clock;
    }

    /**
     * Completes the login or the step-up of a challenge.
     *
     * @throws org.gatehouse.error.GatehouseException {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG},
     *     {@code LOGIN_THROTTLED}; {@code SESSION_ENDED} if the session of the step-up has ended
     */
    ObjectNode logIn(FactorResponse response, ClientInfo client) {
        Passed passed = secondFactor.check(response, PURPOSES, null, client);
        Set<Method> methods = passed.type().afterPassword();
        Authentication authentication = new Authentication(clock.instant(), methods);
        ObjectNode body;
        if (passed.purpose() == ChallengePurpose.STEP_UP) {
            body = stepUps.complete(passed.credential().user(), passed.binding(), authentication, client);
        } else {
            body = start(passed, authentication, client);
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
     * @throws org.gatehouse.error.GatehouseException {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG},
     *     {@code PASSKEYS_NOT_CONFIGURED}
     */
    ObjectNode logInWithPasskey(JsonNode credential, ClientInfo client) {
        Passed passed = secondFactor.checkPasskey(credential, client);
        return start(passed, new Authentication(clock.instant(), Set.of(Method.HWK, Method.MFA)), client);
    }

    private ObjectNode start(Passed passed, Authentication authentication, ClientInfo client) {
        LoginResponse response = grants.start(
                passed.credential(),
                client,
                authentication,
                deleted -> new GatehouseException(ErrorCode.CHALLENGE_INVALID));
        recorder.succeeded();
        return Json.MAPPER.valueToTree(response);
    }
}
