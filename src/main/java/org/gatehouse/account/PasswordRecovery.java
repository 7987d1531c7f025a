package org.gatehouse.account;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.factor.ChallengePurpose;
import org.gatehouse.factor.FactorResponse;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.ProofPurpose;
import org.gatehouse.user.ProvenUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserEdit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets users who forgot their password set a new one.
 *
 * <p>A request for the mail reads no account. The worker that sends the mail determines whether the account exists, so
 * neither the response nor its time shows it.
 */
final class PasswordRecovery {
    private static final Logger log = LoggerFactory.getLogger(PasswordRecovery.class);

    private static final String EMAIL = "email";
    private static final String USERNAME = "username";
    private static final String PROOF = "proof";
    private static final String NEW_PASSWORD = "newPassword";

    /** The fields of a request that resets a password. */
    private static final List<String> FIELDS = Stream.concat(
                    Stream.of(PROOF, NEW_PASSWORD), FactorResponse.FIELDS.stream())
            .toList();

    private final AccountContext context;
    private final PasswordHasher hasher;
    private final PasswordPolicy policy;
    private final SecondFactor secondFactor;
    private final BiConsumer<UserId, String> clearFailures;

    /** @param clearFailures deletes the counts of failed logins of a user, by id and by username or address */
    PasswordRecovery(
            AccountContext context,
            PasswordHasher hasher,
            PasswordPolicy policy,
            SecondFactor secondFactor,
            BiConsumer<UserId, String> clearFailures) {
        this.context = context;
        this.hasher = hasher;
        this.policy = policy;
        this.secondFactor = secondFactor;
        this.clearFailures = clearFailures;
    }

    /**
     * Queues the mail.
     *
     * @throws GatehouseException {@code VALIDATION_FAILED}, {@code MAIL_NOT_CONFIGURED}, {@code TOO_MANY_REQUESTS}
     */
    void request(JsonBody body, ClientInfo client) {
        FieldErrors errors = new FieldErrors();
        String email = JsonFields.text(body.object(), EMAIL, errors);
        String username = JsonFields.text(body.object(), USERNAME, errors);
        body.rejectUnknown(List.of(EMAIL, USERNAME), errors);
        errors.throwIfAny();
        if ((email == null) == (username == null)) {
            errors.add(EMAIL, "or username is required, but not both");
        }
        EmailAddress address = AddressInput.read(email, EMAIL, errors);
        if (username != null && Username.canonicalForms(username).isEmpty()) {
            errors.add(USERNAME, "is not a username");
        }
        errors.throwIfAny();
        context.queue().requireConfigured();
        context.limits().requireCapacity(client.source());
        MailRequest.Receiver receiver = new MailRequest.Receiver(address, null, username);
        context.queue().add(context.mails().reset(receiver, client.language(), true));
    }

    /**
     * Sets a new password with a proof, and ends all sessions.
     *
     * @throws GatehouseException {@code PROOF_INVALID}; {@code FACTOR_REQUIRED}, {@code FACTOR_WRONG},
     *     {@code CHALLENGE_INVALID}, {@code LOGIN_THROTTLED}, {@code VALIDATION_FAILED} or {@code BUSY}, after which the
     *     proof is still valid
     */
    void reset(JsonBody body, ClientInfo client) {
        FieldErrors errors = new FieldErrors();
        String text = body.requiredText(PROOF, errors);
        String newPassword = body.requiredText(NEW_PASSWORD, errors);
        body.rejectUnknown(FIELDS, errors);
        FactorResponse factor = FactorResponse.isIn(body.object()) ? FactorResponse.read(body.object(), errors) : null;
        errors.throwIfAny();
        Proof proof = Proof.require(text);
        User found = context.proofs()
                .find(proof.userId(), ProofPurpose.RESET, proof.hash())
                .map(ProvenUser::user)
                .orElseThrow(Proof::invalid);
        policy.violation(newPassword, found.username()).ifPresent(violation -> errors.add(NEW_PASSWORD, violation));
        errors.throwIfAny();
        hasher.requireQueueCapacity(); // a rejected hash would waste a code
        requireFactor(found, proof, factor, client);
        String hash = hasher.hash(newPassword);
        AtomicBoolean verified = new AtomicBoolean();
        User after = use(proof, proven -> {
            User user = verifying(proven);
            if (user.hasFactor() && !found.hasFactor()) {
                throw secondFactor.required(ChallengePurpose.RESET, user, proof.hash(), client);
            }
            verified.set(proven.user().emailVerified() == null);
            return UserEdit.withPassword(
                    user.withoutSessions(null), hash, context.mails().passwordNotice(user, client));
        });
        finish(after, verified.get(), client);
    }

    /** Requires the second factor of an account that has one. Nothing has changed yet, and the proof stays valid. */
    private void requireFactor(User user, Proof proof, @Nullable FactorResponse factor, ClientInfo client) {
        if (!user.hasFactor()) {
            return;
        }
        if (factor == null) {
            throw secondFactor.required(ChallengePurpose.RESET, user, proof.hash(), client);
        }
        secondFactor.requireRight(factor, ChallengePurpose.RESET, proof.hash(), client);
    }

    private User use(Proof proof, Function<ProvenUser, UserEdit> edit) {
        try {
            return context.proofs()
                    .use(proof.userId(), ProofPurpose.RESET, proof.hash(), edit)
                    .orElseThrow(Proof::invalid);
        } catch (GatehouseException failed) {
            // Another account has verified the address since the mail was sent, so the proof is void.
            throw failed.code() == ErrorCode.EMAIL_TAKEN ? Proof.invalid() : failed;
        }
    }

    /** Returns the user with the address verified, because only a reader of the address knows the proof. */
    private User verifying(ProvenUser proven) {
        User user = proven.user();
        if (!user.email().equals(Optional.of(proven.address()))) {
            throw Proof.invalid(); // another service has changed the address
        }
        return user.emailVerified() == null
                ? user.withEmail(user.email().orElseThrow(), context.clock().instant())
                : user;
    }

    private void finish(User after, boolean verified, ClientInfo client) {
        context.record(AuditType.PASSWORD_RESET, after, client);
        if (verified) {
            context.record(AuditType.EMAIL_VERIFIED, after, client);
            after.email().ifPresent(address -> context.addresses().release(address, after.id()));
        }
        context.mails().handOver(after.id());
        try {
            clearFailures.accept(after.id(), after.username());
            after.email().ifPresent(address -> clearFailures.accept(after.id(), address.canonical()));
        } catch (GatehouseException unavailable) {
            log.debug("The failed logins of {} remain counted", after.id(), unavailable);
        }
    }
}
