package org.gatehouse.admin;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.MongoLock;
import org.gatehouse.user.Credential;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a user an active administrator with a given password. Operators use it if they cannot log in as administrators.
 *
 * <p>If the user already is an active administrator with this password, the user is not changed. Otherwise, each later
 * start of a node would repeat the reset, which ends all sessions of the user.
 */
final class AdministratorReset {
    private static final Logger log = LoggerFactory.getLogger(AdministratorReset.class);

    /** Several attempts are needed, because a starting node may not be connected to Redis yet. */
    private static final int CLEAR_ATTEMPTS = 10;

    private static final Duration CLEAR_INTERVAL = Duration.ofMillis(200);

    private final UserDao users;
    private final PasswordHasher hasher;
    private final MongoLock administration;
    private final BiConsumer<UserId, String> clearFailures;
    private final AuditLog audit;

    /**
     * Creates the reset.
     *
     * @param administration the lock shared by all nodes, held while an administrator is created or removed
     * @param clearFailures deletes the counts of failed logins of the user with this id and name, or throws
     *     {@code STORE_UNAVAILABLE}
     */
    AdministratorReset(
            UserDao users,
            PasswordHasher hasher,
            MongoLock administration,
            BiConsumer<UserId, String> clearFailures,
            AuditLog audit) {
        this.users = users;
        this.hasher = hasher;
        this.administration = administration;
        this.clearFailures = clearFailures;
        this.audit = audit;
    }

    /**
     * Resets the user, or creates the user if the name is unknown.
     *
     * @return false if the user already was an active administrator with this password
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if MongoDB is unavailable; {@code USERNAME_TAKEN} if several
     *     users of a legacy database share the name
     */
    boolean run(Username username, String password) {
        Outcome outcome = administration.exclusively(() -> {
            Credential credential = users.findCredential(username.typed()).orElse(null);
            if (credential == null) {
                return new Outcome(create(username, password), true);
            }
            User user = credential.user();
            if (user.isActiveAdministrator() && hasher.matches(password, credential.password())) {
                return new Outcome(user, false);
            }
            return new Outcome(reset(user, password), true);
        });
        forgetFailuresOf(outcome.user());
        return outcome.changed();
    }

    private record Outcome(User user, boolean changed) {}

    private User create(Username username, String password) {
        User created = FirstAdministrator.create(username, hasher.hash(password), users, audit);
        recordReset("", created);
        return created;
    }

    /** Changes the password, which ends all sessions, before the roles. So no existing session gets the new role. */
    private User reset(User before, String password) {
        if (!users.resetPassword(before.id(), hasher.hash(password), List.of())) {
            throw goneMeanwhile();
        }
        User after = users.update(
                        before.id(),
                        user -> user.with(user.username(), withAdmin(user.roles()), UserStatus.ACTIVE, user.fields()))
                .orElseThrow(AdministratorReset::goneMeanwhile);
        recordReset(Roles.text(before.roles()) + "; " + before.status().text(), after);
        return after;
    }

    private void recordReset(String from, User after) {
        AuditEvent event = AuditEvent.ofService(AuditType.ADMINISTRATOR_RESET)
                .on(after.id(), after.username())
                .with(
                        Detail.TO,
                        Roles.text(after.roles()) + "; " + after.status().text());
        audit.record(from.isEmpty() ? event : event.with(Detail.FROM, from));
    }

    private static Set<String> withAdmin(Set<String> roles) {
        Set<String> more = new TreeSet<>(roles);
        more.add(Roles.ADMIN);
        return more;
    }

    private void forgetFailuresOf(User user) {
        for (int attempt = 1; attempt <= CLEAR_ATTEMPTS; attempt++) {
            try {
                clearFailures.accept(user.id(), user.username());
                user.verifiedEmail().ifPresent(address -> clearFailures.accept(user.id(), address.canonical()));
                return;
            } catch (GatehouseException unreachable) {
                if (unreachable.code() != ErrorCode.STORE_UNAVAILABLE) {
                    throw unreachable;
                }
            }
            if (!Threads.sleep(CLEAR_INTERVAL)) {
                return;
            }
        }
        log.warn(
                "The failed logins of {} still count until they expire, because Redis cannot be reached",
                user.username());
    }

    /** Returns a temporary error. The error causes another attempt, which creates the missing user. */
    private static GatehouseException goneMeanwhile() {
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
    }
}
