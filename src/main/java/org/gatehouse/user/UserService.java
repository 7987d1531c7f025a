package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.JsonBody;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.MongoLock;
import org.gatehouse.throttle.RateLimitPermit;
import org.jspecify.annotations.Nullable;

/**
 * The rules of users: who may see and change whom, what may be set, and that an administrator always remains.
 *
 * <p>Every method either does all of what it says or throws and has changed nothing.
 */
public final class UserService {
    /** Stands for the caller's own id. */
    private static final String MYSELF = "me";

    private static final String ID_HINT =
            "An id has 24 hexadecimal digits, or is me; GET /user?q= finds a user by the beginning of the name.";

    private final UserDao users;
    private final PasswordHasher hasher;
    private final MongoLock administration;
    private final Reauthentication reauthentication;
    private final UsernameChangeThrottle usernameChanges;
    private final AuditLog audit;

    /**
     * Creates the service.
     *
     * @param administration held while an administrator may be removed, on all nodes
     */
    public UserService(
            UserDao users,
            PasswordHasher hasher,
            MongoLock administration,
            Reauthentication reauthentication,
            UsernameChangeThrottle usernameChanges,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.administration = administration;
        this.reauthentication = reauthentication;
        this.usernameChanges = usernameChanges;
        this.audit = audit;
    }

    /** The users of one page; the list has one user more than the page when there is another page. */
    public List<ListedUser> list(UserQuery query) {
        return users.list(query.withOneMore());
    }

    /** About how many users the filter lets through; see {@link MongoUserLists#estimatedCount}. */
    long estimatedCount(UserFilter filter) {
        return users.estimatedCount(filter);
    }

    /**
     * The user of this id, for the user and for administrators.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}
     */
    public User find(Caller caller, String id) {
        UserId userId = reachable(caller, id);
        // The caller's own user has been read for this request.
        return caller.is(userId) ? caller.user() : users.find(userId).orElseThrow(UserService::notFound);
    }

    /** The user of this id, for the server itself. */
    public Optional<User> find(UserId id) {
        return users.find(id);
    }

    /**
     * Ends all sessions of a user, by one write that every node heeds at once.
     *
     * @param before gets the user before that write; may run several times if others write too
     * @throws GatehouseException {@code USER_NOT_FOUND}
     */
    public void endSessions(UserId id, Consumer<User> before) {
        Optional<User> changed = users.update(id, user -> {
            before.accept(user);
            return user.withoutSessions(null);
        });
        if (changed.isEmpty()) {
            throw notFound();
        }
    }

    /**
     * The same for all sessions of the caller but the one that the call comes from.
     *
     * @throws GatehouseException {@code USER_NOT_FOUND}; {@code SESSION_ENDED} when that one has ended since the call
     *     came, for to spare it would be to bring it back
     */
    public void endOtherSessions(Caller caller) {
        Optional<User> changed = users.update(caller.userId(), user -> {
            if (!caller.isStillAuthorized(user)) {
                throw new GatehouseException(ErrorCode.SESSION_ENDED);
            }
            return user.withoutSessions(caller.sessionId());
        });
        if (changed.isEmpty()) {
            throw notFound();
        }
    }

    /**
     * Changes the password of a user, ending all sessions in the same write; false if there is no such user.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public boolean resetPassword(UserId id, String newPassword) {
        return users.resetPassword(id, hasher.hash(newPassword));
    }

    /**
     * Changes the caller's password, ending all other sessions in the same write.
     *
     * @param current the password and the epoch that must still be stored
     * @return false if there is no such user, or another password or epoch is stored now
     * @throws GatehouseException {@code BUSY}
     */
    public boolean changePassword(Caller caller, Credential current, String newPassword) {
        return users.changePassword(current, hasher.hash(newPassword), caller.sessionId());
    }

    /**
     * Applies a merge patch (RFC 7396) to a user, for the user and for administrators. A user who changes the own username
     * must reauthenticate, and may do it a few times an hour.
     *
     * @param precondition throws when the user is not as the caller believes
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code VALIDATION_FAILED},
     *     {@code USERNAME_TAKEN}, {@code LAST_ADMINISTRATOR}, {@code TOO_MANY_REQUESTS}, or what reauthentication throws
     */
    public User change(Caller caller, String id, JsonBody body, Consumer<User> precondition) {
        UserId userId = reachable(caller, id);
        FieldErrors errors = new FieldErrors();
        UserInput form = UserInput.ofPatch(body.object(), errors);
        Optional<String> currentPassword = UserInput.currentPassword(body.object(), errors);
        if (!caller.isAdmin()) {
            UserInput.requireNothingForAdministrators(body);
        }
        errors.throwIfAny();
        boolean renames = caller.is(userId) && renames(form, find(caller, id));
        if (!renames) {
            return change(caller, userId, form, user -> {
                precondition.accept(user);
                if (caller.is(userId) && renames(form, user)) { // renamed by another request since it was read
                    reauthentication.require(caller, Optional.empty());
                }
            });
        }
        precondition.accept(find(caller, id)); // so that a change that is refused anyway does not count
        reauthentication.require(caller, currentPassword);
        RateLimitPermit permit = usernameChanges.acquire(userId.hex());
        try {
            return change(caller, userId, form, precondition);
        } catch (GatehouseException failed) {
            if (failed.code() != ErrorCode.USERNAME_TAKEN) { // which tells the caller something, so it counts
                permit.refund();
            }
            throw failed;
        }
    }

    private User change(Caller caller, UserId userId, UserInput form, Consumer<User> precondition) {
        AtomicReference<@Nullable User> before = new AtomicReference<>();
        UnaryOperator<User> edit = user -> {
            precondition.accept(user);
            before.set(user);
            User patched = patched(user, form);
            if (user.isActiveAdministrator() && !patched.isActiveAdministrator()) {
                requireAnotherAdministrator(userId);
            }
            return patched;
        };
        boolean mayDemote = form.roles() != null || form.status() != null;
        Optional<User> changed =
                mayDemote ? asAdministrator(caller, () -> users.update(userId, edit)) : users.update(userId, edit);
        User after = changed.orElseThrow(UserService::notFound);
        Optional.ofNullable(before.get()).ifPresent(was -> recordChanges(caller, was, after));
        return after;
    }

    private static boolean renames(UserInput form, User user) {
        return form.username() != null && !form.username().equals(user.username());
    }

    private void recordChanges(Caller caller, User before, User after) {
        recordChange(AuditType.USERNAME_CHANGED, caller, after, before.username(), after.username());
        recordChange(AuditType.ROLES_CHANGED, caller, after, text(before.roles()), text(after.roles()));
        recordChange(
                AuditType.STATUS_CHANGED,
                caller,
                after,
                before.status().text(),
                after.status().text());
    }

    private void recordChange(AuditType type, Caller caller, User user, String from, String to) {
        if (!from.equals(to)) {
            audit.record(AuditEvent.of(type, caller.origin())
                    .by(caller.userId())
                    .on(user.id(), user.username())
                    .with(AuditDetail.FROM, from)
                    .with(AuditDetail.TO, to));
        }
    }

    static String text(Set<String> roles) {
        return String.join(", ", new TreeSet<>(roles));
    }

    /**
     * Deletes a user; that only administrators may is the resource's to say.
     *
     * @param precondition throws when the user is not as the caller believes
     * @throws GatehouseException {@code USER_NOT_FOUND}, {@code FORBIDDEN}, {@code LAST_ADMINISTRATOR}
     */
    public void delete(Caller caller, String id, Consumer<User> precondition) {
        UserId userId = reachable(caller, id);
        Optional<User> deleted = asAdministrator(
                caller,
                () -> users.delete(userId, user -> {
                    precondition.accept(user);
                    if (user.isActiveAdministrator()) {
                        requireAnotherAdministrator(userId);
                    }
                }));
        User gone = deleted.orElseThrow(UserService::notFound);
        audit.record(AuditEvent.of(AuditType.USER_DELETED, caller.origin())
                .by(caller.userId())
                .on(userId, gone.username()));
    }

    /**
     * Does what may remove an administrator while nobody else does. The caller may have been removed while it waited for
     * its turn, and could undo that now.
     *
     * @throws GatehouseException {@code SESSION_ENDED}, {@code FORBIDDEN}
     */
    private <T> T asAdministrator(Caller caller, Supplier<T> work) {
        return administration.exclusively(() -> {
            User account = users.findLinearizable(caller.userId())
                    .filter(caller::isStillAuthorized)
                    .orElseThrow(() -> new GatehouseException(ErrorCode.SESSION_ENDED));
            if (!account.roles().contains(Roles.ADMIN)) {
                throw new GatehouseException(ErrorCode.FORBIDDEN);
            }
            return work.get();
        });
    }

    /** Holds until the write only because all that could remove an administrator is done exclusively. */
    private void requireAnotherAdministrator(UserId id) {
        if (users.activeAdministrators(2).stream().allMatch(id::equals)) {
            throw new GatehouseException(ErrorCode.LAST_ADMINISTRATOR);
        }
    }

    private static User patched(User user, UserInput form) {
        ObjectNode fields = MergePatch.apply(form.fields(), user.fields());
        CredentialFields.keepRemovals(form.fields(), fields);
        User patched = user.with(
                Optional.ofNullable(form.username()).orElse(user.username()),
                form.rolesOr(user.roles()),
                form.statusOr(user.status()),
                fields);
        // A user of the original service may be over the bound: taking fields away must work all the same.
        if (form.fields().properties().stream()
                .anyMatch(change -> !change.getValue().isNull())) {
            FieldErrors errors = new FieldErrors();
            CustomFields.checkSize(patched.fields(), errors);
            errors.throwIfAny();
        }
        return patched;
    }

    private static UserId reachable(Caller caller, String id) {
        UserId userId = id.equals(MYSELF) ? caller.userId() : parse(id);
        if (!caller.isAdmin() && !caller.is(userId)) {
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
