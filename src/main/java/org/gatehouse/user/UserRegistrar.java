package org.gatehouse.user;

import java.util.Set;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.Permission;
import org.gatehouse.json.JsonBody;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.jspecify.annotations.Nullable;

/**
 * Creates users for administrators, and for every client if registration is open.
 *
 * <p>A call either creates the user, or throws and changes nothing.
 */
final class UserRegistrar {
    private final UserDao users;
    private final PasswordHasher hasher;
    private final Rules rules;
    private final IdempotentCreation once;
    private final UserMails mails;
    private final AuditLog audit;

    /**
     * The rules for new users.
     *
     * @param registrations the throttle for self-registration; null if only administrators create users
     * @param stepUp for the creation of users with permissions
     */
    record Rules(PasswordPolicy policy, @Nullable UserThrottle registrations, StepUp stepUp) {}

    UserRegistrar(
            UserDao users,
            PasswordHasher hasher,
            Rules rules,
            IdempotentCreation once,
            UserMails mails,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.rules = rules;
        this.once = once;
        this.mails = mails;
        this.audit = audit;
    }

    /**
     * Creates a user for an administrator, or for any client if registration is open.
     *
     * @param caller null for a request without a token
     * @param key the key with which a repeated request returns the same user; null if absent
     * @throws GatehouseException {@code TOKEN_MISSING}, {@code FORBIDDEN}, {@code BODY_MALFORMED},
     *     {@code VALIDATION_FAILED}, {@code USERNAME_TAKEN}, {@code BUSY}, {@code IDEMPOTENCY_KEY_REUSED},
     *     {@code IDEMPOTENCY_KEY_IN_USE}, or any exception of the registration throttle; for a new user with permissions
     *     also those of {@link StepUp#require(Caller)}
     */
    User create(@Nullable Caller caller, ClientInfo clientInfo, JsonBody body, @Nullable IdempotencyKey key) {
        boolean admin = caller != null && caller.may(Permission.USERS_WRITE);
        if (!admin) {
            requireRegistration(caller, body);
        }
        FieldErrors errors = new FieldErrors();
        UserInput input = UserInput.ofNew(body.object(), errors);
        if (input.password() != null) {
            String username = input.username() == null ? "" : input.username().typed();
            rules.policy()
                    .violation(input.password().reveal(), username)
                    .ifPresent(violation -> errors.add(UserJson.PASSWORD, violation));
        }
        errors.throwIfAny();
        if (caller != null && input.roles() != null && Permission.areAdded(Set.of(), input.roles())) {
            rules.stepUp().require(caller);
        }
        UserCreation.Request request = new UserCreation.Request(caller, clientInfo, input);
        UserCreation creation =
                new UserCreation(users, hasher, admin ? null : rules.registrations(), mails, audit, request);
        return key == null
                ? creation.admitted(() -> creation.insert(UserDocument.newId()))
                : once.create(key, body, creation);
    }

    private void requireRegistration(@Nullable Caller caller, JsonBody body) {
        if (rules.registrations() == null) {
            throw new GatehouseException(caller == null ? ErrorCode.TOKEN_MISSING : ErrorCode.FORBIDDEN);
        }
        UserInput.requireNothingForAdministrators(body);
    }
}
