package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengeStore.Challenge;
import org.gatehouse.http.SessionCookie;
import org.gatehouse.json.JsonBody;
import org.gatehouse.user.UserCaller;
import org.jspecify.annotations.Nullable;

/** Adds passkeys in two steps: options with a challenge for the session, and the credential that the browser created. */
final class PasskeyEnrolment {
    private static final Set<ChallengePurpose> PURPOSE = EnumSet.of(ChallengePurpose.PASSKEY_ENROLMENT);
    private static final String CREDENTIAL = FactorResponse.CREDENTIAL;

    /** The name of a passkey from an unknown authenticator, if the user does not choose one. */
    private static final String DEFAULT_NAME = "Passkey";

    private final FactorContext context;
    private final FactorEnrolment enrolment;
    private final Passkeys passkeys;
    private final ChallengeStore challenges;
    private final FactorThrottle throttle;

    PasskeyEnrolment(
            FactorContext context,
            FactorEnrolment enrolment,
            Passkeys passkeys,
            ChallengeStore challenges,
            FactorThrottle throttle) {
        this.context = context;
        this.enrolment = enrolment;
        this.passkeys = passkeys;
        this.challenges = challenges;
        this.throttle = throttle;
    }

    /**
     * Returns the options for a new passkey, with a challenge that only the caller's session can use.
     *
     * @throws GatehouseException {@code PASSKEYS_NOT_CONFIGURED}, {@code INSUFFICIENT_USER_AUTHENTICATION},
     *     {@code SESSION_ENDED}, {@code FACTOR_LIMIT}, {@code TOO_MANY_REQUESTS}
     */
    ObjectNode options(UserCaller caller) {
        passkeys.requireConfigured();
        StoredFactors account = account(caller);
        context.requireAllowed(caller, account);
        FactorEnrolment.requireCapacity(account, FactorType.PASSKEY);
        throttle.admitOptions(caller.clientInfo().source());
        String challenge = challenges.create(
                ChallengePurpose.PASSKEY_ENROLMENT,
                account.user(),
                caller.sessionId().text(),
                caller.clientInfo());
        return passkeys.creationOptions(challenge, account.user(), account.passkeys());
    }

    /**
     * Adds the passkey that the browser has created.
     *
     * @return as {@link FactorEnrolment#add}
     * @throws GatehouseException {@code VALIDATION_FAILED}, {@code PASSKEYS_NOT_CONFIGURED},
     *     {@code INSUFFICIENT_USER_AUTHENTICATION}, {@code SESSION_ENDED}, {@code FACTOR_LIMIT},
     *     {@code CHALLENGE_INVALID}; {@code CREDENTIAL_INVALID} if the credential is not valid, or known already
     */
    ObjectNode add(UserCaller caller, JsonBody body) {
        FieldErrors errors = new FieldErrors();
        String name = FactorName.read(body.object(), errors);
        JsonNode credential = body.object().path(CREDENTIAL);
        FactorResponse.requireCredential(credential, errors);
        var unused = SessionCookie.isAsked(body, errors);
        body.rejectUnknown(List.of(FactorName.FIELD, CREDENTIAL, SessionCookie.FIELD), errors);
        errors.throwIfAny();
        passkeys.requireConfigured();
        context.stepUp().require(caller);
        String value = Passkeys.registrationChallenge(credential).orElseThrow(PasskeyEnrolment::invalid);
        Challenge challenge = challenges
                .attempt(value, PURPOSE, caller.sessionId().text(), caller.clientInfo())
                .filter(found -> caller.id().equals(found.userId())
                        && account(caller).user().epoch().number() == found.epoch())
                .orElseThrow(PasskeyEnrolment::challengeInvalid);
        Passkeys.Registration registration =
                passkeys.register(credential, value).orElseThrow(PasskeyEnrolment::invalid);
        if (context.factors().isKnown(registration.credentialId())) {
            throw invalid();
        }
        if (!challenges.consume(challenge)) {
            throw challengeInvalid();
        }
        Factor.Passkey passkey = passkey(registration, name);
        return enrolment.add(caller, account -> passkey);
    }

    private Factor.Passkey passkey(Passkeys.Registration registration, @Nullable String name) {
        return new Factor.Passkey(
                FactorDocument.newId(),
                name == null ? Authenticators.name(registration.aaguid()).orElse(DEFAULT_NAME) : name,
                context.clock().instant(),
                null,
                registration.credentialId(),
                registration.publicKey(),
                registration.counter(),
                registration.backupEligible(),
                registration.backedUp(),
                registration.transports(),
                registration.aaguid());
    }

    private StoredFactors account(UserCaller caller) {
        return context.factors().find(caller.id()).orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
    }

    private static GatehouseException invalid() {
        return new GatehouseException(ErrorCode.CREDENTIAL_INVALID);
    }

    private static GatehouseException challengeInvalid() {
        return new GatehouseException(ErrorCode.CHALLENGE_INVALID);
    }
}
