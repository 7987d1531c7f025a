package org.gatehouse.factor;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.user.FactorEvent;
import org.gatehouse.user.User;
import org.gatehouse.user.UserMails;
import org.jspecify.annotations.Nullable;

/** Verifies a code or a passkey of a user, and consumes it. Each result is counted and recorded. */
final class FactorVerifier {
    private final MongoFactorDao factors;
    private final TotpCipher cipher;
    private final TotpCodes codes;
    private final Passkeys passkeys;
    private final FactorEvents events;
    private final UserMails mails;
    private final Clock clock;

    FactorVerifier(
            MongoFactorDao factors,
            TotpCipher cipher,
            TotpCodes codes,
            Passkeys passkeys,
            FactorEvents events,
            UserMails mails,
            Clock clock) {
        this.factors = factors;
        this.cipher = cipher;
        this.codes = codes;
        this.passkeys = passkeys;
        this.events = events;
        this.mails = mails;
        this.clock = clock;
    }

    /**
     * A factor that was right and is consumed.
     *
     * @param recoveryCodesLeft null unless this was a recovery code
     */
    record Used(FactorType type, @Nullable Integer recoveryCodesLeft) {}

    /**
     * Verifies and consumes a response; empty if it is wrong, or if a concurrent request consumed it.
     *
     * @param consumeChallenge called once after a right response; may throw to reject it. The use of a passkey is recorded
     *     afterwards, because only the challenge makes it unique.
     */
    Optional<Used> use(StoredFactors account, FactorResponse response, Runnable consumeChallenge, ClientInfo client) {
        String code = response.code() == null ? "" : response.code();
        Optional<Used> used = switch (response.type()) {
            case TOTP -> useTotp(account, response.id(), code);
            case RECOVERY -> useRecoveryCode(account, code, client);
            case PASSKEY ->
                Optional.ofNullable(response.credential())
                        .flatMap(credential -> verified(account, credential, response.challenge(), response.id()))
                        .flatMap(assertion -> record(account.user(), assertion, consumeChallenge, client));
        };
        events.checked(response.type(), used.isPresent());
        if (used.isEmpty()) {
            events.failed(account.user(), response.type(), client);
        }
        if (used.isPresent() && response.type() != FactorType.PASSKEY) {
            consumeChallenge.run();
        }
        return used;
    }

    /**
     * Verifies and consumes the response of a passkey without a password. Only failures of a known passkey of the account
     * are recorded, because anyone can send the others.
     *
     * @param consumeChallenge as in {@link #use}
     */
    Optional<Used> usePasskey(
            StoredFactors account,
            JsonNode credential,
            Passkeys.Claim claim,
            Runnable consumeChallenge,
            ClientInfo client) {
        Optional<Used> used = verified(account, credential, claim.challenge(), null)
                .flatMap(assertion -> record(account.user(), assertion, consumeChallenge, client));
        if (account.passkey(claim.credentialId()).isPresent()) {
            events.checked(FactorType.PASSKEY, used.isPresent());
            if (used.isEmpty()) {
                events.failedAlone(account.user(), client);
            }
        }
        return used;
    }

    private Optional<Used> useTotp(StoredFactors account, @Nullable String id, String code) {
        Instant now = clock.instant();
        User user = account.user();
        if (id == null && account.devices().size() > 1) {
            // Otherwise, each device would give a guess another chance.
            throw GatehouseException.invalid("id", "is required, because the account has several TOTP devices");
        }
        for (Factor.Totp device : account.devices()) {
            if (id == null || id.equals(device.id())) {
                OptionalLong step = codes.match(user.id(), device, code);
                if (step.isPresent()
                        && factors.consumeStep(
                                user,
                                device,
                                cipher.renewed(user.id(), device.id(), device.secret()),
                                step.getAsLong(),
                                now)) {
                    return Optional.of(new Used(FactorType.TOTP, null));
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Used> useRecoveryCode(StoredFactors account, String code, ClientInfo client) {
        String hash = RecoveryCodes.hash(code)
                .filter(account.recoveryCodes()::contains)
                .orElse(null);
        User user = account.user();
        if (hash == null
                || !factors.consumeRecoveryCode(
                        user, hash, mails.factorNotice(user, FactorEvent.RECOVERY_CODE_USED, "", client))) {
            return Optional.empty();
        }
        mails.handOver(user.id());
        events.recoveryCodeUsed(user, client);
        return Optional.of(new Used(FactorType.RECOVERY, account.recoveryCodes().size() - 1));
    }

    /** A right response of a passkey. */
    private record Assertion(Factor.Passkey passkey, Passkeys.Verified verified) {}

    /** @param id the factor that the client named; null for any */
    private Optional<Assertion> verified(
            StoredFactors account, JsonNode credential, String challenge, @Nullable String id) {
        return Passkeys.claim(credential)
                .filter(claim -> claim.challenge().equals(challenge))
                .flatMap(claim -> account.passkey(claim.credentialId()))
                .filter(found -> id == null || id.equals(found.id()))
                .flatMap(passkey -> passkeys.verify(
                                credential, passkey, account.user().id(), challenge)
                        .map(verified -> new Assertion(passkey, verified)));
    }

    private Optional<Used> record(User user, Assertion assertion, Runnable consumeChallenge, ClientInfo client) {
        consumeChallenge.run();
        Factor.Passkey passkey = assertion.passkey();
        Supplier<List<MailRequest>> notices =
                () -> mails.factorNotice(user, FactorEvent.COUNTER_DECREASED, passkey.name(), client);
        MongoFactorDao.Use use = factors.recordUse(user, passkey, assertion.verified(), clock.instant(), notices);
        if (use == MongoFactorDao.Use.COUNTER_DECREASED) {
            mails.handOver(user.id());
            events.counterDecreased(user, passkey, client);
        }
        return use == MongoFactorDao.Use.REJECTED ? Optional.empty() : Optional.of(new Used(FactorType.PASSKEY, null));
    }
}
