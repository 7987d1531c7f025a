package org.gatehouse.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.gatehouse.audit.AuditEvent;
import org.gatehouse.audit.AuditEvent.Detail;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.audit.AuditType;
import org.gatehouse.config.Secret;
import org.gatehouse.config.Settings;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDao;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserModule;
import org.gatehouse.user.UserStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates or resets the administrator that the settings name. If {@code ADMIN_RESET} is set, the account is reset.
 * Otherwise, the account is created unless an active administrator exists.
 */
public final class FirstAdministrator {
    private static final Logger log = LoggerFactory.getLogger(FirstAdministrator.class);

    private final Settings settings;

    /** The DAO without the cache, because a starting node would have to wait for the cache. */
    private final UserDao users;

    private final PasswordHasher hasher;
    private final AuditLog audit;
    private final AdministratorReset reset;
    private final Consumer<String> created;

    /**
     * Creates the objects that {@link #ensure} uses.
     *
     * @param clearFailures deletes the counts of failed logins of the user with this id and name, or throws
     *     {@code STORE_UNAVAILABLE}
     * @param created called with the username if this start creates or resets the account
     */
    public FirstAdministrator(
            ModuleContext context,
            UserDaos users,
            PasswordHasher hasher,
            AuditLog audit,
            BiConsumer<UserId, String> clearFailures,
            Consumer<String> created) {
        this.settings = context.settings();
        this.users = users.stored();
        this.hasher = hasher;
        this.audit = audit;
        this.reset = new AdministratorReset(
                users.cached(), hasher, UserModule.administration(context), clearFailures, audit);
        this.created = created;
    }

    /** Returns a message for each rule that the account violates; see {@link Settings.AccountRules}. */
    public static List<String> problems(@Nullable String username, @Nullable Secret password, int passwordMinLength) {
        List<String> problems = new ArrayList<>();
        Username valid = username == null ? null : Username.parse(username).orElse(null);
        if (username != null && valid == null) {
            problems.add("ADMIN_USERNAME is not a username: it must have " + Username.MIN_LENGTH + " to "
                    + Username.MAX_LENGTH + " characters, all of them letters, digits or visible ASCII.");
        }
        if (password != null) {
            new PasswordPolicy(passwordMinLength)
                    .violation(password.reveal(), valid == null ? "" : valid.typed())
                    .ifPresent(violation -> problems.add("ADMIN_PASSWORD " + violation + "."));
        }
        return problems;
    }

    /**
     * Creates or resets the account that the settings name, if necessary. Warns if no administrator can log in.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if MongoDB is unavailable
     */
    public void ensure() {
        Settings.FirstAdministrator account = settings.firstAdministrator();
        if (account != null) {
            ensure(account);
        }
        if (users.activeAdministrators(1).isEmpty()) {
            // The message names the database, because a wrong database name is a frequent reason.
            log.warn(
                    "The database {} has no active administrator who can log in. Set ADMIN_USERNAME and ADMIN_PASSWORD and"
                            + " start again to create one",
                    settings.databaseName());
        }
    }

    private void ensure(Settings.FirstAdministrator account) {
        Username username = Username.parse(account.username()).orElseThrow();
        String password = account.password().reveal();
        try {
            if (account.reset()) {
                reset(username, password);
            } else if (createIfThereIsNone(username, password)) {
                log.info("Created the first administrator, {}", username.typed());
                created.accept(username.typed());
            } else {
                log.info(
                        "ADMIN_USERNAME ({}) and ADMIN_PASSWORD are not used, because an active administrator exists;"
                                + " ADMIN_RESET=true uses them",
                        username.typed());
            }
        } catch (GatehouseException failed) {
            if (failed.code() != ErrorCode.USERNAME_TAKEN) {
                throw failed;
            }
            log.error(
                    account.reset()
                            ? "ADMIN_RESET has no effect, because several users share the ADMIN_USERNAME ({}); name another one"
                            : "There is no active administrator, and ADMIN_USERNAME ({}) belongs to a user without that role;"
                                    + " name another one, or set ADMIN_RESET=true",
                    username.typed());
        }
    }

    private boolean createIfThereIsNone(Username username, String password) {
        if (!users.activeAdministrators(1).isEmpty()) {
            return false;
        }
        try {
            create(username, hasher.hash(password), users, audit);
            return true;
        } catch (GatehouseException failed) {
            if (failed.code() == ErrorCode.USERNAME_TAKEN
                    && !users.activeAdministrators(1).isEmpty()) {
                return false; // another node has just created an administrator
            }
            throw failed;
        }
    }

    /** Creates an administrator and records the creation in the audit log. */
    static User create(Username username, String hash, UserDao users, AuditLog audit) {
        User created = users.insert(new NewUser(
                username, hash, Set.of(Roles.ADMIN, Roles.USER), UserStatus.ACTIVE, Json.MAPPER.createObjectNode()));
        audit.record(AuditEvent.ofService(AuditType.USER_CREATED)
                .on(created.id(), created.username())
                .with(Detail.TO, Roles.text(created.roles())));
        return created;
    }

    private void reset(Username username, String password) {
        boolean changed = reset.run(username, password);
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
}
