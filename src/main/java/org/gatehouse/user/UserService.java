package org.gatehouse.user;

import static java.util.Objects.requireNonNullElse;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.JsonBody;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.throttle.Throttle;
import org.jspecify.annotations.Nullable;

/**
 * Enforces which callers may read or change which users and fields. Also ensures that an administrator remains.
 *
 * <p>Every method either succeeds completely, or throws and changes nothing.
 */
public final class UserService {
    /** The id in a path that means the caller's own id. */
    private static final String MYSELF = "me";

    private static final String ID_HINT =
            "An id has 24 hexadecimal digits, or is me; GET /user?q= finds a user by the beginning of the name.";

    private final UserDao users;
    private final PasswordHasher hasher;
    private final LastAdministratorRule lastAdministrator;
    private final StepUp stepUp;
    private final UserThrottle throttle;
    private final UserMails mails;
    private final AuditLog audit;

    public UserService(
            UserDao users,
            PasswordHasher hasher,
            LastAdministratorRule lastAdministrator,
            StepUp stepUp,
            UserThrottle throttle,
            UserMails mails,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.lastAdministrator = lastAdministrator;
        this.stepUp = stepUp;
        this.throttle = throttle;
        this.mails = mails;
        this.audit = audit;
    }

    /**
     * Returns the user with this id, if the caller is that user or has the permission.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}
     */
    public User find(Caller caller, String id, Permission permission) {
        UserId userId = reachable(caller, id, permission);
        // The caller's own user has been read for this request.
        return caller.is(userId)
                ? caller.requireUser().user()
                : users.find(userId).orElseThrow(UserService::notFound);
    }

    /** Returns the user with this id without checking a caller, for use by the server itself. */
    public Optional<User> find(UserId id) {
        return users.find(id);
    }

    /**
     * Ends all sessions of a user in one write. The write takes effect immediately on every node.
     *
     * @param before receives the user before this write; runs again after a concurrent write
     * @throws GatehouseException {@code USER_NOT_FOUND}
     */
    public void endAllSessions(UserId id, Consumer<User> before) {
        endSessions(id, user -> {
            before.accept(user);
            return user.withoutSessions(null);
        });
    }

    /**
     * Ends all sessions of the caller except the current session, in one write. The write takes effect immediately on
     * every node.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}; {@code SESSION_ENDED} if the current session has ended
     *     meanwhile, because an exemption would make it valid again
     */
    public void endOtherSessions(UserCaller caller) {
        endSessions(caller.id(), user -> {
            if (!caller.isStillAuthorized(user)) {
                throw new GatehouseException(ErrorCode.SESSION_ENDED);
            }
            return user.withoutSessions(caller.sessionId());
        });
    }

    private void endSessions(UserId id, UnaryOperator<User> edit) {
        // The cache entry of an earlier version shows a leaving user as disabled, and the write would void the leaving.
        User unused = users.findLinearizable(id)
                .flatMap(seen -> users.update(seen, edit))
                .orElseThrow(UserService::notFound);
    }

    /**
     * In one write, changes the password of a user and ends all sessions. Returns false if the user does not exist.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public boolean resetPassword(User user, String newPassword, ClientInfo client) {
        boolean done = users.resetPassword(user.id(), hasher.hash(newPassword), mails.passwordNotice(user, client));
        mails.handOver(user.id());
        return done;
    }

    /**
     * In one write, changes the caller's password and ends all other sessions of the caller.
     *
     * @param current the password and the epoch that must still be stored
     * @return false if the user does not exist, or if another password or epoch is stored now
     * @throws GatehouseException {@code BUSY}
     */
    public boolean changePassword(UserCaller caller, Credential current, String newPassword) {
        List<MailRequest> notice = mails.passwordNotice(current.user(), caller.clientInfo());
        boolean done = users.changePassword(current, hasher.hash(newPassword), caller.sessionId(), notice);
        mails.handOver(caller.id());
        return done;
    }

    /**
     * Applies a merge patch (RFC 7396) to a user, if the caller is that user or has the permission
     * {@code users:write}. A change of a username
     * or an address requires a recent authentication ({@link StepUp}). {@link UserThrottle} limits the number of changes
     * of one's own. A changed address is not verified, and callers cannot change their own verified address in this way.
     *
     * @param precondition throws if the user is not in the state that the caller expects
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code VALIDATION_FAILED},
     *     {@code USERNAME_TAKEN}, {@code EMAIL_NEEDS_PROOF}, {@code LAST_ADMINISTRATOR}, {@code TOO_MANY_REQUESTS},
     *     {@code SESSION_ENDED}, or any exception that {@link StepUp} throws
     */
    public User change(Caller caller, String id, JsonBody body, Consumer<User> precondition) {
        UserId userId = reachable(caller, id, Permission.USERS_WRITE);
        FieldErrors errors = new FieldErrors();
        UserInput input = UserInput.ofPatch(body.object(), errors);
        String currentPassword = UserInput.currentPassword(body.object(), errors);
        if (!caller.may(Permission.USERS_WRITE)) {
            UserInput.requireNothingForAdministrators(body);
        }
        errors.throwIfAny();
        boolean own = caller.is(userId);
        Consumer<User> condition = user -> {
            precondition.accept(user);
            if (own) {
                requireUnverified(input, user);
            }
        };
        User seen = find(caller, id, Permission.USERS_WRITE);
        if (!isSensitive(input, seen)) {
            return change(caller, userId, input, user -> {
                condition.accept(user);
                if (isSensitive(input, user)) { // another request has changed the user meanwhile
                    stepUp.require(caller);
                }
            });
        }
        condition.accept(seen); // the throttle does not count a change that fails the precondition
        User unusedPatched = patched(seen, input); // rejects a patch that is too large
        if (!own) {
            stepUp.require(caller);
            return change(caller, userId, input, condition);
        }
        stepUp.require(caller.requireUser(), currentPassword);
        return counted(userId, input, seen, () -> change(caller, userId, input, condition));
    }

    /** Makes a change of the user's own name or address, if the throttle permits it. */
    private User counted(UserId userId, UserInput input, User seen, Supplier<User> change) {
        List<Throttle.Permit> permits = new ArrayList<>();
        try {
            if (renames(input, seen)) {
                permits.add(throttle.acquireUsernameChange(userId));
            }
            if (input.changesEmail(seen)) {
                permits.add(throttle.acquireAddressChange(userId));
            }
            return change.get();
        } catch (GatehouseException failed) {
            if (failed.code() != ErrorCode.USERNAME_TAKEN) { // the response reveals a taken name, so the change counts
                permits.forEach(Throttle.Permit::refund);
            }
            throw failed;
        }
    }

    /** Whether a change takes over an account, or adds a permission. */
    private static boolean isSensitive(UserInput input, User user) {
        Set<String> roles = input.roles();
        boolean promotes = roles != null && Permission.areAdded(user.roles(), roles);
        return promotes || renames(input, user) || input.changesEmail(user);
    }

    /** A verified address is an identity, so a token and a password are not sufficient to change it. */
    private static void requireUnverified(UserInput input, User user) {
        if (user.emailVerified() != null && input.changesEmail(user)) {
            throw new GatehouseException(ErrorCode.EMAIL_NEEDS_PROOF);
        }
    }

    private User change(Caller caller, UserId userId, UserInput input, Consumer<User> precondition) {
        UnaryOperator<User> edit = user -> {
            precondition.accept(user);
            return patched(user, input);
        };
        // The cache entry of an earlier version does not show whether the address is verified.
        // Such an entry shows a leaving user as disabled.
        boolean isFresh = input.fields().has(UserJson.EMAIL) || input.status() != null;
        Supplier<Optional<User>> read = () -> isFresh ? users.findLinearizable(userId) : users.find(userId);
        boolean mayDemote = input.roles() != null || input.status() != null;
        return mayDemote
                ? lastAdministrator
                        .exclusively(caller, () -> write(caller, read, edit))
                        .after()
                : write(caller, read, edit).after();
    }

    private Change write(Caller caller, Supplier<Optional<User>> read, UnaryOperator<User> edit) {
        AtomicReference<@Nullable User> before = new AtomicReference<>();
        User after = read.get()
                .flatMap(seen -> users.update(seen, user -> {
                    User edited = edit.apply(user);
                    lastAdministrator.require(user, edited, Set.of());
                    before.set(user);
                    return edited;
                }))
                .orElseThrow(UserService::notFound);
        Change change = new Change(Objects.requireNonNull(before.get()), after);
        recordChanges(caller, change.before(), after);
        return change;
    }

    /** A user before and after a change. */
    public record Change(User before, User after) {
        public boolean isChanged() {
            return !UserDocument.isUnchanged(before, after);
        }
    }

    /**
     * Changes the roles or the status of a user in the same way as a patch. The caller must have the permission
     * {@code users:write} and a recent authentication.
     *
     * @param edit returns the user with other roles or another status; runs again after a concurrent write, and may
     *     throw to reject the change
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code LAST_ADMINISTRATOR}, {@code FORBIDDEN},
     *     {@code SESSION_ENDED}, or any exception that {@code edit} throws
     */
    public Change changeRights(Caller caller, UserId id, UnaryOperator<User> edit) {
        return lastAdministrator.exclusively(caller, () -> write(caller, () -> users.findLinearizable(id), edit));
    }

    /**
     * Returns what {@link #changeRights} would do, without changing anything.
     *
     * @param removed the administrators that would be removed before
     * @throws GatehouseException {@code LAST_ADMINISTRATOR}, or any exception that {@code edit} throws
     */
    public Change tryRights(User user, UnaryOperator<User> edit, Set<UserId> removed) {
        User after = edit.apply(user);
        lastAdministrator.require(user, after, removed);
        return new Change(user, after);
    }

    private static boolean renames(UserInput input, User user) {
        return input.username() != null && !input.username().typed().equals(user.username());
    }

    private void recordChanges(Caller caller, User before, User after) {
        recordChange(AuditType.USERNAME_CHANGED, caller, after, before.username(), after.username());
        recordAddress(caller, before, after);
        recordChange(AuditType.ROLES_CHANGED, caller, after, Roles.text(before.roles()), Roles.text(after.roles()));
        recordChange(
                AuditType.STATUS_CHANGED,
                caller,
                after,
                before.status().text(),
                after.status().text());
    }

    /** Values of the legacy service that are not addresses do not appear in the audit log. */
    private void recordAddress(Caller caller, User before, User after) {
        String from = before.email().map(EmailAddress::typed).orElse(null);
        String to = after.email().map(EmailAddress::typed).orElse(null);
        if (Objects.equals(from, to)) {
            return;
        }
        AuditType type = to == null ? AuditType.EMAIL_REMOVED : AuditType.EMAIL_CHANGED;
        AuditEvent event = caller.auditEvent(type).on(after.id(), after.username());
        event = from == null ? event : event.with(Detail.FROM, from);
        audit.record(to == null ? event : event.with(Detail.TO, to));
    }

    private void recordChange(AuditType type, Caller caller, User user, String from, String to) {
        if (!from.equals(to)) {
            audit.record(caller.auditEvent(type)
                    .on(user.id(), user.username())
                    .with(Detail.FROM, from)
                    .with(Detail.TO, to));
        }
    }

    /** Whether the id is {@code me} or the caller's own id. */
    boolean isOwn(Caller caller, String id) {
        return id.equals(MYSELF) || UserId.parse(id).filter(caller::is).isPresent();
    }

    /**
     * Deletes another user, if the caller has the permission {@code users:write}. This requires a recent authentication.
     * For the caller's own user, see {@link UserLeaving}.
     *
     * @param precondition throws if the user is not in the state that the caller expects
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code LAST_ADMINISTRATOR},
     *     {@code SESSION_ENDED}, {@code INSUFFICIENT_USER_AUTHENTICATION}
     */
    public void delete(Caller caller, String id, Consumer<User> precondition) {
        UserId userId = reachable(caller, id, Permission.USERS_WRITE);
        Consumer<User> check = user -> {
            precondition.accept(user);
            lastAdministrator.require(user, null, Set.of());
        };
        check.accept(users.findLinearizable(userId).orElseThrow(UserService::notFound));
        stepUp.require(caller);
        User gone = lastAdministrator.exclusively(
                caller, () -> users.delete(userId, check).orElseThrow(UserService::notFound));
        audit.record(caller.auditEvent(AuditType.USER_DELETED).on(userId, gone.username()));
    }

    private static User patched(User user, UserInput input) {
        ObjectNode fields = MergePatch.apply(input.fields(), user.fields());
        CredentialFields.keepRemovals(input.fields(), fields);
        User patched = user.with(
                input.username() == null ? user.username() : input.username().typed(),
                requireNonNullElse(input.roles(), user.roles()),
                requireNonNullElse(input.status(), user.status()),
                fields);
        // The size is not checked if a patch only removes fields, because a legacy user may exceed the limit.
        if (input.fields().properties().stream()
                .anyMatch(change -> !change.getValue().isNull())) {
            FieldErrors errors = new FieldErrors();
            CustomFields.checkSize(patched.fields(), errors);
            errors.throwIfAny();
        }
        return patched;
    }

    private static UserId reachable(Caller caller, String id, Permission permission) {
        UserId userId = id.equals(MYSELF) ? caller.requireUser().id() : parse(id);
        if (!caller.may(permission) && !caller.is(userId)) {
            throw new GatehouseException(ErrorCode.FORBIDDEN);
        }
        return userId;
    }

    private static UserId parse(String id) {
        return UserId.parse(id).orElseThrow(() -> notFound().withHint(ID_HINT));
    }

    private static GatehouseException notFound() {
        return new GatehouseException(ErrorCode.USER_NOT_FOUND);
    }
}
