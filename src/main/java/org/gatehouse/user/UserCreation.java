package org.gatehouse.user;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.IdempotencyKey;
import org.gatehouse.http.JsonBody;
import org.gatehouse.http.Origin;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;

/**
 * How users come to be: made by an administrator, or by themselves where registration is open.
 *
 * <p>Every method either does all of what it says or throws and has changed nothing.
 */
public final class UserCreation {
    private final UserDao users;
    private final PasswordHasher hasher;
    private final PasswordPolicy policy;
    private final Registration registration;
    private final CreateOnce once;
    private final AuditLog audit;

    public UserCreation(
            UserDao users,
            PasswordHasher hasher,
            PasswordPolicy policy,
            Registration registration,
            CreateOnce once,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.policy = policy;
        this.registration = registration;
        this.once = once;
        this.audit = audit;
    }

    /**
     * Creates a user: for administrators, and for anyone where registration is open.
     *
     * @param caller empty for a stranger
     * @param key by which the same caller, or the same source of strangers, is answered the same user again
     * @throws GatehouseException {@code TOKEN_MISSING}, {@code FORBIDDEN}, {@code BODY_MALFORMED},
     *     {@code VALIDATION_FAILED}, {@code USERNAME_TAKEN}, {@code BUSY}, {@code IDEMPOTENCY_KEY_REUSED},
     *     {@code IDEMPOTENCY_KEY_IN_USE}, or what the registration's throttle throws
     */
    public User create(Optional<Caller> caller, Origin origin, JsonBody body, Optional<IdempotencyKey> key) {
        boolean admin = caller.filter(Caller::isAdmin).isPresent();
        if (!admin) {
            requireRegistration(caller, body);
        }
        FieldErrors errors = new FieldErrors();
        UserForm form = UserForm.ofNew(body.object(), errors);
        OwnFields.checkSize(form.fields(), errors);
        Optional<String> password = Optional.ofNullable(form.password()).map(Secret::reveal);
        // Of a name that is none nothing can be made; to normalise a hostile one takes seconds.
        String typed = Optional.ofNullable(form.username())
                .flatMap(Username::parse)
                .map(Username::typed)
                .orElse("");
        password.flatMap(text -> policy.complaint(text, typed))
                .ifPresent(complaint -> errors.add(UserJson.PASSWORD, complaint));
        errors.throwIfAny();
        Creation creation = new Creation(caller, origin, admin, form, password.orElseThrow());
        return key.isEmpty() ? creation.now() : once.create(scope(caller, origin), key.get(), body, creation);
    }

    /**
     * Whose keys are the same: an answer is a user, so nobody is given that of somebody else. Of strangers from one source
     * only those who also know the password, for it is in the body.
     */
    private static String scope(Optional<Caller> caller, Origin origin) {
        return caller.map(by -> "user " + by.userId().hex()).orElseGet(() -> "source " + origin.source());
    }

    /** A user about to be created, whom nothing is the matter with. */
    private final class Creation implements CreateOnce.Work {
        private final Optional<Caller> caller;
        private final Origin origin;
        private final boolean admin;
        private final UserForm form;
        private final String password;

        Creation(Optional<Caller> caller, Origin origin, boolean admin, UserForm form, String password) {
            this.caller = caller;
            this.origin = origin;
            this.admin = admin;
            this.form = form;
            this.password = password;
        }

        User now() {
            Runnable takeBack = admit();
            try {
                return create(UserDocument.newId());
            } catch (GatehouseException failed) {
                // That a name is taken is worth knowing, so it counts; what failed for a reason of ours does not.
                if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                    takeBack.run();
                }
                throw failed;
            }
        }

        @Override
        public Runnable admit() {
            return admin ? () -> {} : registration.throttle().apply(origin);
        }

        @Override
        public User create(UserId id) {
            User user = users.insert(as(id, hasher.hash(password)));
            AuditEvent event = AuditEvent.of(AuditType.USER_CREATED, origin)
                    .on(user.id(), user.username())
                    .with(AuditDetail.TO, UserService.text(user.roles()));
            audit.record(caller.map(by -> event.by(by.userId())).orElse(event));
            return user;
        }

        @Override
        public Optional<User> find(UserId id) {
            return users.findLinearizable(id);
        }

        @Override
        public User asCreated(UserId id, Instant at) {
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
        if (!registration.open()) {
            throw new GatehouseException(caller.isEmpty() ? ErrorCode.TOKEN_MISSING : ErrorCode.FORBIDDEN);
        }
        UserForm.requireNothingForAdministrators(body);
    }
}
