package org.gatehouse.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.gatehouse.audit.AuditDetail;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.json.Json;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.ModuleContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ensures the administrator of the settings. It resets the account if {@code ADMIN_RESET} is set; otherwise, it creates
 * the account unless an active administrator exists.
 */
public final class FirstAdministrator {
    private static final Logger log = LoggerFactory.getLogger(FirstAdministrator.class);

    private final Username username;
    private final Secret password;
    private final boolean reset;
    private final Consumer<String> created;

    private FirstAdministrator(Username username, Secret password, boolean reset, Consumer<String> created) {
        this.username = username;
        this.password = password;
        this.reset = reset;
        this.created = created;
    }

    /**
     * Returns the account of these settings.
     *
     * @param account settings without {@link #problems}
     * @param created called with the username if this start creates or resets the account
     */
    static FirstAdministrator of(Settings.FirstAdministrator account, Consumer<String> created) {
        Username username = Username.parse(account.username())
                .orElseThrow(() -> new IllegalArgumentException("ADMIN_USERNAME is not a username"));
        return new FirstAdministrator(username, account.password(), account.reset(), created);
    }

    /** Returns the rules for new users that the account violates; see {@link Settings.AccountRules}. */
    public static List<String> problems(Optional<String> username, Optional<Secret> password, int passwordMinLength) {
        List<String> problems = new ArrayList<>();
        Optional<Username> valid = username.flatMap(Username::parse);
        if (username.isPresent() && valid.isEmpty()) {
            problems.add("ADMIN_USERNAME is not a username: " + Username.MIN_LENGTH + " to " + Username.MAX_LENGTH
                    + " letters, digits or visible ASCII characters.");
        }
        // Loaded only if needed, because the list of common passwords takes time to load.
        password.flatMap(secret -> new PasswordPolicy(passwordMinLength)
                        .violation(secret.reveal(), valid.map(Username::typed).orElse("")))
                .ifPresent(violation -> problems.add("ADMIN_PASSWORD " + violation + "."));
        return problems;
    }

    /**
     * Creates or resets the account of the settings if that is necessary, and warns if no administrator can log in.
     *
     * @param created called with the username if this start creates or resets the account
     * @param clearFailures deletes the failed logins of the user with this id and name
     */
    public static void prepare(
            ModuleContext context,
            UserDaos users,
            PasswordHasher hasher,
            AuditLog audit,
            BiConsumer<UserId, String> clearFailures,
            Consumer<String> created) {
        AdministratorReset reset = new AdministratorReset(
                users.cached(), hasher, UserModule.administration(context), clearFailures, audit);
        context.settings()
                .firstAdministrator()
                .ifPresent(account -> of(account, created).ensure(users.stored(), hasher, audit, reset));
        warnIfThereIsNone(users.stored(), context.settings().databaseName());
    }

    /**
     * Creates the account if it is needed, or resets it if the settings require that. Logs the result.
     *
     * @param users the DAO without the cache, because a starting node would have to wait for the cache. The first user
     *     does not need it, because clients cannot have requested its id.
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    void ensure(UserDao users, PasswordHasher hasher, AuditLog audit, AdministratorReset administratorReset) {
        try {
            if (reset) {
                reset(administratorReset);
            } else if (createIfThereIsNone(users, hasher, audit)) {
                log.info("Created the first administrator, {}", username.typed());
                created.accept(username.typed());
            } else {
                log.info(
                        "ADMIN_USERNAME ({}) and ADMIN_PASSWORD are not used, because an active administrator exists;"
                                + " ADMIN_RESET=true uses them",
                        username.typed());
            }
        } catch (GatehouseException refused) {
            if (refused.code() != ErrorCode.USERNAME_TAKEN) {
                throw refused;
            }
            log.error(
                    reset
                            ? "ADMIN_RESET has no effect, because several users share the ADMIN_USERNAME ({}); name another one"
                            : "There is no active administrator, and ADMIN_USERNAME ({}) belongs to a user without that role;"
                                    + " name another one, or set ADMIN_RESET=true",
                    username.typed());
        }
    }

    private boolean createIfThereIsNone(UserDao users, PasswordHasher hasher, AuditLog audit) {
        if (!users.activeAdministrators(1).isEmpty()) {
            return false;
        }
        try {
            create(username, hasher.hash(password.reveal()), users, audit);
            return true;
        } catch (GatehouseException taken) {
            if (taken.code() == ErrorCode.USERNAME_TAKEN
                    && !users.activeAdministrators(1).isEmpty()) {
                return false; // another node was faster
            }
            throw taken;
        }
    }

    /** Creates an administrator and records that in the audit log. */
    static User create(Username username, String hash, UserDao users, AuditLog audit) {
        User created = users.insert(new NewUser(
                username, hash, Set.of(Roles.ADMIN, Roles.USER), UserStatus.ACTIVE, Json.MAPPER.createObjectNode()));
        audit.record(AuditEvent.ofService(AuditType.USER_CREATED)
                .on(created.id(), created.username())
                .with(AuditDetail.TO, UserService.text(created.roles())));
        return created;
    }

    private void reset(AdministratorReset administratorReset) {
        boolean changed = administratorReset.run(username, password.reveal());
        log.warn(
                changed
                        ? "ADMIN_RESET has made {} an active administrator with ADMIN_PASSWORD. Remove ADMIN_RESET now"
                        : "ADMIN_RESET is set and changed nothing, because {} is an active administrator with"
                                + " ADMIN_PASSWORD. Remove ADMIN_RESET now",
                username.typed());
        if (changed) {
            created.accept(username.typed());
        }
    }

    /**
     * Warns if none of the administrators can log in.
     *
     * @param database the name of the users' database, because a wrong one is a frequent reason
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    static void warnIfThereIsNone(UserDao users, String database) {
        if (users.activeAdministrators(1).isEmpty()) {
            log.warn(
                    "The database {} has no active administrator who can log in. Set ADMIN_USERNAME and ADMIN_PASSWORD and"
                            + " start again to create one",
                    database);
        }
    }
}
