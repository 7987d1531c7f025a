package org.gatehouse.user;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.http.IdempotencyKey;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.JsonBody;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.throttle.RateLimitPermit;
import org.jspecify.annotations.Nullable;

/**
 * Creates users for administrators and, if registration is open, for every client.
 *
 * <p>A call either creates the user, or throws and changes nothing.
 */
final class UserRegistrar {
    private final UserDao users;
    private final PasswordHasher hasher;
    private final PasswordPolicy policy;
    private final @Nullable RegistrationThrottle registrations;
    private final IdempotentCreation once;
    private final AuditLog audit;

    /** @param registrations limits users that register themselves; null if only administrators create users */
    public UserRegistrar(
            UserDao users,
            PasswordHasher hasher,
            PasswordPolicy policy,
            @Nullable RegistrationThrottle registrations,
            IdempotentCreation once,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.policy = policy;
        this.registrations = registrations;
        this.once = once;
        this.audit = audit;
    }

    /**
     * Creates a user for an administrator or, if registration is open, for any client.
     *
     * @param caller empty for a request without a token
     * @param key returns the same user again to the same caller or, without a token, to the same source
     * @throws GatehouseException {@code TOKEN_MISSING}, {@code FORBIDDEN}, {@code BODY_MALFORMED},
     *     {@code VALIDATION_FAILED}, {@code USERNAME_TAKEN}, {@code BUSY}, {@code IDEMPOTENCY_KEY_REUSED},
     *     {@code IDEMPOTENCY_KEY_IN_USE}, or any exception of the registration throttle
     */
    public User create(Optional<Caller> caller, ClientInfo clientInfo, JsonBody body, Optional<IdempotencyKey> key) {
        boolean admin = caller.filter(Caller::isAdmin).isPresent();
        if (!admin) {
            requireRegistration(caller, body);
        }
        FieldErrors errors = new FieldErrors();
        UserInput form = UserInput.ofNew(body.object(), errors);
        CustomFields.checkSize(form.fields(), errors);
        Optional<String> password = Optional.ofNullable(form.password()).map(Secret::reveal);
        // An invalid name is not compared, because normalizing a hostile one takes seconds.
        String typed = Optional.ofNullable(form.username())
                .flatMap(Username::parse)
                .map(Username::typed)
                .orElse("");
        password.flatMap(text -> policy.violation(text, typed))
                .ifPresent(violation -> errors.add(UserJson.PASSWORD, violation));
        errors.throwIfAny();
        Attempt attempt = new Attempt(caller, clientInfo, admin, form, password.orElseThrow());
        return key.isEmpty()
                ? attempt.admitted(() -> attempt.insert(UserDocument.newId()))
                : once.create(scope(caller, clientInfo), key.get(), body, attempt);
    }

    /**
     * Returns the owner of a key. The response contains a user, so only the same caller may receive it. Without a
     * token, this is the same source with the same password, because the password is in the body.
     */
    private static String scope(Optional<Caller> caller, ClientInfo clientInfo) {
        return caller.map(by -> "user " + by.userId().hex()).orElseGet(() -> "source " + clientInfo.source());
    }

    /** A valid request to create a user. */
    final class Attempt {
        private final Optional<Caller> caller;
        private final ClientInfo clientInfo;
        private final boolean admin;
        private final UserInput form;
        private final String password;
        private @Nullable RateLimitPermit permit;

        private Attempt(
                Optional<Caller> caller, ClientInfo clientInfo, boolean admin, UserInput form, String password) {
            this.caller = caller;
            this.clientInfo = clientInfo;
            this.admin = admin;
            this.form = form;
            this.password = password;
        }

        /** Creates the user if the throttle permits it. */
        User admitted(Supplier<User> creation) {
            if (!admin && registrations != null) {
                permit = registrations.acquire(clientInfo.source());
            }
            try {
                return creation.get();
            } catch (GatehouseException failed) {
                // A taken name is useful information for the client, so it counts; other failures do not.
                if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                    refund();
                }
                throw failed;
            }
        }

        Optional<User> find(UserId id) {
            return users.findLinearizable(id);
        }

        /** Stores the user with this id, or returns the user that the same request has stored meanwhile. */
        User insertOrFind(UserId id) {
            try {
                return insert(id);
            } catch (GatehouseException failed) {
                Optional<User> twin = failed.code() == ErrorCode.USERNAME_TAKEN ? find(id) : Optional.empty();
                twin.ifPresent(user -> refund());
                return twin.orElseThrow(() -> failed);
            }
        }

        private void refund() {
            if (permit != null) {
                permit.refund();
            }
        }

        private User insert(UserId id) {
            User user = users.insert(as(id, hasher.hash(password)));
            AuditEvent event = AuditEvent.of(AuditType.USER_CREATED, clientInfo)
                    .on(user.id(), user.username())
                    .with(AuditDetail.TO, Roles.text(user.roles()));
            audit.record(caller.map(by -> event.by(by.userId())).orElse(event));
            return user;
        }

        /** Returns the user as it was at its creation. */
        User asCreated(UserId id, Instant at) {
            return UserDocument.read(UserDocument.of(as(id, ""), at));
        }

        private NewUser as(UserId id, String hash) {
            Username username = Optional.ofNullable(form.username())
                    .flatMap(Username::parse)
                    .orElseThrow();
            return new NewUser(
                    id,
                    username,
                    hash,
                    form.rolesOr(Set.of(Roles.USER)),
                    form.statusOr(UserStatus.ACTIVE),
                    form.fields());
        }
    }

    private void requireRegistration(Optional<Caller> caller, JsonBody body) {
        if (registrations == null) {
            throw new GatehouseException(caller.isEmpty() ? ErrorCode.TOKEN_MISSING : ErrorCode.FORBIDDEN);
        }
        UserInput.requireNothingForAdministrators(body);
    }
}
