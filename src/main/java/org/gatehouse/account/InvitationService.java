package org.gatehouse.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.json.JsonFields;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.mail.MailRows;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.user.Caller;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserJson;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Invites people, and creates their accounts.
 *
 * <p>The row of the mail is the invitation. The new account gets the id of the row, so two requests with one proof
 * cannot create two accounts.
 */
final class InvitationService {
    private static final Logger log = LoggerFactory.getLogger(InvitationService.class);

    private static final String EMAIL = "email";
    private static final String ROLES = "roles";
    private static final String USERNAME = "username";
    private static final String PASSWORD = "password";
    private static final String PROOF = "proof";

    private static final String USERNAME_RULE = "must have " + Username.MIN_LENGTH + " to " + Username.MAX_LENGTH
            + " characters, all of them letters, digits or visible ASCII";

    private final AccountContext context;
    private final UserDao users;
    private final MailRows rows;
    private final PasswordHasher hasher;
    private final PasswordPolicy policy;
    private final StepUp stepUp;

    InvitationService(
            AccountContext context,
            UserDao users,
            MailRows rows,
            PasswordHasher hasher,
            PasswordPolicy policy,
            StepUp stepUp) {
        this.context = context;
        this.users = users;
        this.rows = rows;
        this.hasher = hasher;
        this.policy = policy;
        this.stepUp = stepUp;
    }

    /**
     * Queues the mail of an invitation.
     *
     * @return the id of the invitation, which becomes the id of the user
     * @throws GatehouseException {@code VALIDATION_FAILED}, {@code MAIL_NOT_CONFIGURED}; for a user with permissions also
     *     those of
     *     {@link StepUp#require(Caller)}
     */
    String invite(Caller caller, JsonBody body) {
        FieldErrors errors = new FieldErrors();
        String email = body.requiredText(EMAIL, errors);
        List<String> roles = JsonFields.texts(body.object(), ROLES, errors);
        String username = JsonFields.text(body.object(), USERNAME, errors);
        body.rejectUnknown(List.of(EMAIL, ROLES, USERNAME), errors);
        EmailAddress address = AddressInput.read(email, EMAIL, errors);
        if (roles != null && !errors.hasErrorFor(ROLES)) {
            Roles.violation(roles).ifPresent(violation -> errors.add(ROLES, violation));
        }
        if (username != null && Username.parse(Username.strip(username)).isEmpty()) {
            errors.add(USERNAME, USERNAME_RULE);
        }
        errors.throwIfAny();
        context.queue().requireConfigured();
        if (roles != null && Permission.areAdded(Set.of(), roles)) {
            stepUp.require(caller);
        }
        MailRequest.Invitation invitation = new MailRequest.Invitation(
                roles == null ? Set.of(Roles.USER) : Set.copyOf(roles),
                username,
                caller.id().hex());
        MailRequest request = context.mails()
                .invitation(
                        Objects.requireNonNull(address),
                        invitation,
                        caller.clientInfo().language());
        context.queue().add(request);
        context.audit()
                .record(caller.auditEvent(AuditType.INVITATION_SENT)
                        .with(Detail.EMAIL, email)
                        .with(Detail.TO, Roles.text(invitation.roles())));
        return request.id();
    }

    /**
     * Creates the account of an invited person, whose address is then verified.
     *
     * @throws GatehouseException {@code PROOF_INVALID}, {@code EMAIL_TAKEN}; {@code VALIDATION_FAILED},
     *     {@code USERNAME_TAKEN} or {@code BUSY}, after which the proof is still valid
     */
    User accept(JsonBody body, ClientInfo client) {
        FieldErrors errors = new FieldErrors();
        String text = body.requiredText(PROOF, errors);
        String password = body.requiredText(PASSWORD, errors);
        String chosen = JsonFields.text(body.object(), USERNAME, errors);
        body.rejectUnknown(List.of(PROOF, USERNAME, PASSWORD), errors);
        errors.throwIfAny();
        Proof proof = Proof.require(text);
        MailRequest request = rows.findInvitation(proof.id(), proof.hash()).orElseThrow(Proof::invalid);
        MailRequest.Invitation invitation =
                Objects.requireNonNull(request.details().invitation());
        Username username = username(chosen == null ? invitation.username() : chosen, errors);
        policy.violation(password, username == null ? "" : username.typed())
                .ifPresent(violation -> errors.add(PASSWORD, violation));
        errors.throwIfAny();
        User user = insert(newUser(request, invitation, Objects.requireNonNull(username), password));
        context.record(AuditType.INVITATION_ACCEPTED, user, client);
        user.email().ifPresent(address -> context.addresses().release(address, user.id()));
        try {
            rows.setInvitationUsed(request.id());
        } catch (GatehouseException unavailable) {
            log.debug("The invitation {} is not marked as used; its user exists", request.id(), unavailable);
        }
        return user;
    }

    private static @Nullable Username username(@Nullable String typed, FieldErrors errors) {
        if (typed == null) {
            errors.add(USERNAME, "is required");
            return null;
        }
        Username username = Username.parse(Username.strip(typed)).orElse(null);
        if (username == null) {
            errors.add(USERNAME, USERNAME_RULE);
        }
        return username;
    }

    private NewUser newUser(
            MailRequest request, MailRequest.Invitation invitation, Username username, String password) {
        ObjectNode fields = Json.MAPPER.createObjectNode();
        fields.put(
                UserJson.EMAIL,
                Objects.requireNonNull(request.receiver().address()).typed());
        return new NewUser(
                new UserId(request.id()),
                username,
                hasher.hash(password),
                invitation.roles(),
                UserStatus.ACTIVE,
                fields,
                NewUser.Imported.verified(context.clock().instant()),
                List.of());
    }

    private User insert(NewUser user) {
        try {
            return users.insert(user);
        } catch (GatehouseException taken) {
            boolean conflict = taken.code() == ErrorCode.USERNAME_TAKEN || taken.code() == ErrorCode.EMAIL_TAKEN;
            if (conflict && users.findLinearizable(user.id()).isPresent()) {
                throw Proof.invalid(); // another request has used the proof
            }
            throw taken;
        }
    }
}
