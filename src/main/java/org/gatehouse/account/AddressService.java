package org.gatehouse.account;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.throttle.Quota;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.Caller;
import org.gatehouse.user.ProofPurpose;
import org.gatehouse.user.ProvenUser;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserCaller;
import org.gatehouse.user.UserEdit;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/**
 * Verifies, changes and restores the addresses of accounts.
 *
 * <p>An address is verified only with a proof that was sent to it, or by an administrator. A change keeps the old
 * address until the new one is proved.
 */
final class AddressService {
    private static final String EMAIL = "email";
    private static final String VERIFIED = "verified";
    private static final String PROOF = "proof";
    private static final String PASSWORD = "password";

    /** A user may mistype the address a few times. Each change sends a mail to an address of the user's choice. */
    private static final Quota CHANGES = new Quota("addresses", 10, Duration.ofHours(1));

    private final AccountContext context;
    private final UserService users;
    private final StepUp stepUp;
    private final Throttle throttle;

    AddressService(AccountContext context, UserService users, StepUp stepUp, Throttle throttle) {
        this.context = context;
        this.users = users;
        this.stepUp = stepUp;
        this.throttle = throttle;
    }

    /**
     * Queues another mail that verifies the caller's address.
     *
     * @return false if the address is already verified
     * @throws GatehouseException {@code EMAIL_MISSING}, {@code MAIL_NOT_CONFIGURED}, {@code TOO_MANY_REQUESTS}
     */
    boolean requestVerification(UserCaller caller) {
        context.queue().requireConfigured();
        User user = caller.user();
        EmailAddress address = user.email().orElseThrow(() -> new GatehouseException(ErrorCode.EMAIL_MISSING));
        if (user.emailVerified() != null) {
            return false;
        }
        context.limits().requireCapacity(caller.clientInfo().source());
        context.queue().add(context.mails().verificationAgain(user, address, caller.clientInfo()));
        return true;
    }

    /**
     * Verifies the address of an account, or replaces it by a new one, with a proof. The client must also be the user:
     * the caller of the request, or a client that knows the password.
     *
     * @param caller null for a request without a token
     * @throws GatehouseException {@code PROOF_INVALID}, {@code EMAIL_TAKEN}; {@code VALIDATION_FAILED},
     *     {@code LOGIN_THROTTLED} or {@code BUSY}, after which the proof is still valid
     */
    void confirm(JsonBody body, @Nullable Caller caller, ClientInfo client) {
        FieldErrors errors = new FieldErrors();
        String text = body.requiredText(PROOF, errors);
        String password = JsonFields.text(body.object(), PASSWORD, errors);
        body.rejectUnknown(List.of(PROOF, PASSWORD), errors);
        errors.throwIfAny();
        Proof proof = Proof.require(text);
        ProofPurpose purpose = List.of(ProofPurpose.VERIFICATION, ProofPurpose.CHANGE).stream()
                .filter(possible -> context.proofs()
                        .find(proof.userId(), possible, proof.hash())
                        .isPresent())
                .findFirst()
                .orElseThrow(Proof::invalid);
        requireOwner(proof.userId(), password, caller, client);
        AtomicReference<@Nullable User> before = new AtomicReference<>();
        User after = use(proof, purpose, proven -> {
            before.set(proven.user());
            requireStillAuthorized(caller, proven.user());
            return UserEdit.of(proved(proven, purpose), List.of());
        });
        context.record(AuditType.EMAIL_VERIFIED, after, client);
        User old = before.get();
        if (purpose == ProofPurpose.CHANGE && old != null) {
            AuditEvent event = AuditEvent.of(AuditType.EMAIL_CHANGED, client).by(after.id());
            record(event, old, after.email().orElse(null));
        }
        after.email().ifPresent(address -> context.addresses().release(address, after.id()));
    }

    private void requireOwner(UserId owner, @Nullable String password, @Nullable Caller caller, ClientInfo client) {
        if (caller != null && caller.is(owner)) {
            return;
        }
        if (password == null) {
            throw caller == null
                    ? GatehouseException.invalid(PASSWORD, "is required without a token of the account")
                    : Proof.invalid();
        }
        stepUp.requirePassword(owner, password, PASSWORD, client);
    }

    /** Rejects a caller whose own session has ended since the request began. */
    private static void requireStillAuthorized(@Nullable Caller caller, User user) {
        if (caller instanceof UserCaller self && caller.is(user.id()) && !self.isStillAuthorized(user)) {
            throw new GatehouseException(ErrorCode.SESSION_ENDED);
        }
    }

    private User proved(ProvenUser proven, ProofPurpose purpose) {
        User user = proven.user();
        boolean sameAddress = user.email().equals(Optional.of(proven.address()));
        if (purpose == ProofPurpose.VERIFICATION && !sameAddress) {
            throw Proof.invalid(); // another service has changed the address
        }
        EmailAddress address =
                purpose == ProofPurpose.CHANGE ? proven.address() : user.email().orElseThrow();
        return user.withEmail(address, context.clock().instant());
    }

    /**
     * Restores the address that an account had before a change, ends all sessions, and sends a mail to that address with
     * which the owner sets a new password.
     *
     * @throws GatehouseException {@code PROOF_INVALID}, {@code EMAIL_TAKEN}
     */
    void undo(JsonBody body, ClientInfo client) {
        FieldErrors errors = new FieldErrors();
        String text = body.requiredText(PROOF, errors);
        body.rejectUnknown(List.of(PROOF), errors);
        errors.throwIfAny();
        Proof proof = Proof.require(text);
        User after = use(proof, ProofPurpose.UNDO, proven -> {
            User restored = proven.user()
                    .withEmail(proven.address(), proven.verifiedAt())
                    .withoutSessions(null);
            return UserEdit.of(restored, resetMail(restored, client));
        });
        context.record(AuditType.EMAIL_UNDONE, after, client);
        context.mails().handOver(after.id());
    }

    private List<MailRequest> resetMail(User user, ClientInfo client) {
        if (!context.queue().isConfigured()) {
            return List.of();
        }
        MailRequest.Receiver receiver = new MailRequest.Receiver(null, user.id(), null);
        return List.of(context.mails().reset(receiver, client.language(), false));
    }

    private User use(Proof proof, ProofPurpose purpose, Function<ProvenUser, UserEdit> edit) {
        return context.proofs().use(proof.userId(), purpose, proof.hash(), edit).orElseThrow(Proof::invalid);
    }

    /**
     * The input of {@code PUT /user/{id}/email}.
     *
     * @param address null removes the address
     */
    private record Change(@Nullable EmailAddress address, boolean verified) {}

    /**
     * Changes or removes an address, or starts a change that needs a proof.
     *
     * @param id the user's id, or {@code me}
     * @return whether a mail with a proof was queued; false if the change is complete
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code VALIDATION_FAILED},
     *     {@code LOGIN_THROTTLED}, {@code TOO_MANY_REQUESTS}, {@code SESSION_ENDED}, {@code EMAIL_TAKEN},
     *     {@code MAIL_NOT_CONFIGURED}
     */
    boolean change(Caller caller, String id, JsonBody body) {
        User user = users.find(caller, id, Permission.USERS_WRITE);
        boolean own = caller.is(user.id());
        FieldErrors errors = new FieldErrors();
        Change change = read(body, errors);
        String currentPassword = own
                ? body.requiredText(StepUp.CURRENT_PASSWORD, errors)
                : JsonFields.text(body.object(), StepUp.CURRENT_PASSWORD, errors);
        errors.throwIfAny();
        if (change.verified() && (own || !caller.may(Permission.USERS_WRITE))) {
            throw new GatehouseException(
                    ErrorCode.FORBIDDEN, "Only an administrator sets verified, and only for another user.");
        }
        boolean needsProof = change.address() != null && !change.verified();
        if (needsProof) {
            context.queue().requireConfigured();
        }
        if (own && currentPassword != null) {
            stepUp.requireCurrentPassword(caller.requireUser(), currentPassword);
            var unused =
                    throttle.acquire("addresses:" + user.id().hex(), List.of(CHANGES), ErrorCode.TOO_MANY_REQUESTS);
        } else {
            stepUp.require(caller);
        }
        if (needsProof && user.verifiedEmail().equals(Optional.ofNullable(change.address()))) {
            return false;
        }
        apply(caller, user, change, needsProof);
        return needsProof;
    }

    private static Change read(JsonBody body, FieldErrors errors) {
        String text = JsonFields.text(body.object(), EMAIL, errors);
        if (!body.object().has(EMAIL)) {
            errors.add(EMAIL, "is required; null removes the address");
        }
        EmailAddress address = AddressInput.read(text, EMAIL, errors);
        JsonNode verified = body.object().path(VERIFIED);
        if (!verified.isMissingNode() && !verified.isNull() && !verified.isBoolean()) {
            errors.add(VERIFIED, "must be true or false");
        }
        if (verified.asBoolean() && text == null && !errors.hasErrorFor(EMAIL)) {
            errors.add(VERIFIED, "needs an address");
        }
        body.rejectUnknown(List.of(EMAIL, StepUp.CURRENT_PASSWORD, VERIFIED), errors);
        return new Change(address, verified.asBoolean());
    }

    private void apply(Caller caller, User seen, Change change, boolean needsProof) {
        ClientInfo client = caller.clientInfo();
        AtomicReference<@Nullable User> before = new AtomicReference<>();
        Optional<User> changed = context.proofs().change(seen.id(), user -> {
            requireStillAuthorized(caller, user);
            before.set(user);
            boolean own = caller.is(user.id());
            // A change that an administrator confirms may be the rescue of an account whose old mailbox is stolen.
            boolean undoable = own || !change.verified();
            List<MailRequest> mails =
                    new ArrayList<>(context.mails().addressNotice(user, change.address(), undoable, client));
            if (needsProof && change.address() != null) {
                mails.add(context.mails().change(user, change.address(), own, client));
                return UserEdit.of(user, mails);
            }
            boolean same = user.verifiedEmail().equals(Optional.ofNullable(change.address()));
            User after = user.withEmail(change.address(), change.address() == null ? null : verifiedAt(user, change));
            List<MailRequest> notices = same ? List.of() : mails;
            return undoable ? UserEdit.of(after, notices) : UserEdit.withoutUndo(after, notices);
        });
        if (changed.isEmpty()) {
            // The user had no address to remove, or was deleted meanwhile.
            User unused = users.find(seen.id()).orElseThrow(() -> new GatehouseException(ErrorCode.USER_NOT_FOUND));
            return;
        }
        User after = changed.get();
        AuditType type = needsProof
                ? AuditType.EMAIL_CHANGE_STARTED
                : change.address() == null ? AuditType.EMAIL_REMOVED : AuditType.EMAIL_CHANGED;
        record(caller.auditEvent(type), Objects.requireNonNull(before.get()), change.address());
        context.mails().handOver(after.id());
        if (change.verified()) {
            after.email().ifPresent(address -> context.addresses().release(address, after.id()));
        }
    }

    private Instant verifiedAt(User user, Change change) {
        return user.emailVerified() != null && user.email().equals(Optional.ofNullable(change.address()))
                ? user.emailVerified()
                : context.clock().instant();
    }

    /** Records a change from the address of the user before it to another address. */
    private void record(AuditEvent event, User before, @Nullable EmailAddress address) {
        context.audit()
                .record(event.on(before.id(), before.username())
                        .with(Detail.FROM, typed(before.email().orElse(null)))
                        .with(Detail.TO, typed(address)));
    }

    private static String typed(@Nullable EmailAddress address) {
        return address == null ? "" : address.typed();
    }
}
