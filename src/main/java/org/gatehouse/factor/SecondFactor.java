package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengeStore.Challenge;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.jspecify.annotations.Nullable;

/**
 * Requires and checks second factors. A code, a recovery code and a challenge each work once, because one conditional
 * write consumes each of them.
 */
public final class SecondFactor {
    private final MongoFactorDao factors;
    private final UserDao users;
    private final ChallengeStore challenges;
    private final FactorVerifier verifier;
    private final Passkeys passkeys;
    private final FactorThrottle throttle;
    private final Clock clock;

    SecondFactor(
            MongoFactorDao factors,
            UserDao users,
            ChallengeStore challenges,
            FactorVerifier verifier,
            Passkeys passkeys,
            FactorThrottle throttle,
            Clock clock) {
        this.factors = factors;
        this.users = users;
        this.challenges = challenges;
        this.verifier = verifier;
        this.passkeys = passkeys;
        this.throttle = throttle;
        this.clock = clock;
    }

    /**
     * A response that was right.
     *
     * @param binding what the challenge was bound to; an empty text if nothing
     * @param credential the user, as read before the check
     * @param recoveryCodesLeft the number of unused recovery codes; null unless this was a recovery code
     */
    public record Passed(
            ChallengePurpose purpose,
            String binding,
            Credential credential,
            FactorType type,
            @Nullable Integer recoveryCodesLeft) {}

    /**
     * Returns the exception that asks for a second factor, with a new challenge.
     *
     * @param user a user who has proved the password or has a proof from a mail
     * @param binding what else the challenge is bound to, such as a session; an empty text if nothing
     * @throws GatehouseException {@code TOO_MANY_REQUESTS} for a reset, which no other quota limits
     */
    public GatehouseException required(ChallengePurpose purpose, User user, String binding, ClientInfo client) {
        if (purpose == ChallengePurpose.RESET) {
            throttle.admitOptions(client.source());
        }
        StoredFactors account = factors.find(user.id()).orElseThrow(() -> new GatehouseException(deleted(purpose)));
        String challenge = challenges.create(purpose, user, binding, client);
        ObjectNode details = Json.MAPPER.createObjectNode();
        details.put("challenge", challenge);
        ArrayNode list = details.putArray("factors");
        account.factors()
                .values()
                .forEach(factor -> list.addObject()
                        .put("_id", factor.id())
                        .put("type", factor.type().text())
                        .put("name", factor.name()));
        if (passkeys.isConfigured() && !account.passkeys().isEmpty()) {
            details.set("passkey", passkeys.requestOptions(challenge, account.passkeys()));
        }
        return GatehouseException.withDetails(ErrorCode.FACTOR_REQUIRED, details);
    }

    /**
     * Checks a response to a challenge of {@link #required}, and consumes the challenge and the code.
     *
     * @param binding what the challenge must be bound to; null to accept any binding
     * @throws GatehouseException {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG}, {@code LOGIN_THROTTLED}
     */
    public Passed check(
            FactorResponse response, Set<ChallengePurpose> purposes, @Nullable String binding, ClientInfo client) {
        Challenge challenge = challenges
                .attempt(response.challenge(), purposes, binding, client)
                .orElseThrow(SecondFactor::challengeInvalid);
        UserId id = Optional.ofNullable(challenge.userId()).orElseThrow(SecondFactor::challengeInvalid);
        Credential credential = users.findCredential(id).orElseThrow(SecondFactor::challengeInvalid);
        StoredFactors account = factors.find(id)
                .filter(found -> isAllowed(found.user(), challenge.purpose())
                        && found.user().epoch().number() == challenge.epoch()
                        && credential.user().epoch().number() == challenge.epoch())
                .orElseThrow(SecondFactor::challengeInvalid);
        boolean known = credential.knowsSince(client.source(), account.since(), clock.instant());
        Throttle.Permit permit = throttle.admit(account.user(), response.type(), known, client);
        Optional<FactorVerifier.Used> used;
        try {
            used = verifier.use(account, response, () -> consume(challenge), client);
        } catch (RuntimeException notDone) {
            permit.refund();
            throw notDone;
        }
        if (used.isEmpty()) {
            throw new GatehouseException(ErrorCode.FACTOR_WRONG);
        }
        permit.refund();
        return passed(challenge, credential, used.get());
    }

    /** Checks like {@link #check} a response that needs no more than to be right. */
    public void requireRight(FactorResponse response, ChallengePurpose purpose, String binding, ClientInfo client) {
        Passed unused = check(response, EnumSet.of(purpose), binding, client);
    }

    private static boolean isAllowed(User user, ChallengePurpose purpose) {
        Set<ChallengePurpose> ofLeaving = EnumSet.of(ChallengePurpose.LOGIN, ChallengePurpose.RESET);
        return ofLeaving.contains(purpose) ? user.mayAuthenticate() : user.isActive();
    }

    private void consume(Challenge challenge) {
        if (!challenges.consume(challenge)) {
            throw challengeInvalid();
        }
    }

    private static Passed passed(Challenge challenge, Credential credential, FactorVerifier.Used used) {
        return new Passed(challenge.purpose(), challenge.binding(), credential, used.type(), used.recoveryCodesLeft());
    }

    /**
     * Returns options for a login with a passkey only, with a new challenge.
     *
     * @throws GatehouseException {@code PASSKEYS_NOT_CONFIGURED}, {@code TOO_MANY_REQUESTS}
     */
    public ObjectNode passkeyOptions(ClientInfo client) {
        requirePasskeys();
        throttle.admitOptions(client.source());
        String challenge = challenges.create(ChallengePurpose.PASSKEY_LOGIN, null, "", client);
        return passkeys.requestOptions(challenge, List.of());
    }

    /**
     * Checks the response of a passkey to {@link #passkeyOptions}, and consumes the challenge.
     *
     * @throws GatehouseException {@code PASSKEYS_NOT_CONFIGURED}, {@code CHALLENGE_INVALID}, {@code FACTOR_WRONG}
     */
    public Passed checkPasskey(JsonNode response, ClientInfo client) {
        requirePasskeys();
        Passkeys.Claim claim = Passkeys.claim(response).orElseThrow(SecondFactor::wrong);
        Challenge challenge = challenges
                .attempt(claim.challenge(), EnumSet.of(ChallengePurpose.PASSKEY_LOGIN), null, client)
                .orElseThrow(SecondFactor::challengeInvalid);
        UserId id = claim.user().orElseThrow(SecondFactor::wrong);
        Credential credential = users.findCredential(id)
                .filter(found -> found.user().mayAuthenticate())
                .orElseThrow(SecondFactor::wrong);
        StoredFactors account = factors.find(id)
                .filter(found -> found.user().mayAuthenticate()
                        && found.user().epoch().equals(credential.user().epoch()))
                .orElseThrow(SecondFactor::wrong);
        FactorVerifier.Used used = verifier.usePasskey(account, response, claim, () -> consume(challenge), client)
                .orElseThrow(SecondFactor::wrong);
        return passed(challenge, credential, used);
    }

    private void requirePasskeys() {
        if (!passkeys.isConfigured()) {
            throw new GatehouseException(ErrorCode.PASSKEYS_NOT_CONFIGURED);
        }
    }

    /** Returns the error for a user who was deleted during the request. */
    private static ErrorCode deleted(ChallengePurpose purpose) {
        return switch (purpose) {
            case RESET -> ErrorCode.PROOF_INVALID;
            case STEP_UP -> ErrorCode.SESSION_ENDED;
            default -> ErrorCode.CREDENTIALS_WRONG;
        };
    }

    private static GatehouseException challengeInvalid() {
        return new GatehouseException(ErrorCode.CHALLENGE_INVALID);
    }

    private static GatehouseException wrong() {
        return new GatehouseException(ErrorCode.FACTOR_WRONG);
    }
}
