package org.gatehouse.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.gatehouse.config.Secret;
import org.gatehouse.config.Settings;
import org.gatehouse.config.SettingsException;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.password.PasswordPolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The administrator named in the settings, created when no active administrator exists; otherwise left alone. */
public final class FirstAdministrator {
    private static final Logger log = LoggerFactory.getLogger(FirstAdministrator.class);

    private final Username username;
    private final Secret password;
    private final Consumer<String> created;

    private FirstAdministrator(Username username, Secret password, Consumer<String> created) {
        this.username = username;
        this.password = password;
        this.created = created;
    }

    /**
     * The account, checked by the rules for every new user.
     *
     * @param created told the name when the account was created
     * @throws SettingsException when the name or the password would not be accepted
     */
    public static FirstAdministrator of(
            Settings.FirstAdministrator account, PasswordPolicy policy, Consumer<String> created) {
        List<String> problems = new ArrayList<>();
        Optional<Username> username = Username.parse(account.username());
        if (username.isEmpty()) {
            problems.add("ADMIN_USERNAME is not a username: 3 to 64 letters, digits or visible ASCII characters.");
        }
        policy.complaint(account.password().reveal(), account.username())
                .ifPresent(complaint -> problems.add("ADMIN_PASSWORD " + complaint + "."));
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        return new FirstAdministrator(username.orElseThrow(), account.password(), created);
    }

    /**
     * Creates the account if it is needed.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    public void ensure(UserCreation users) {
        try {
            if (users.createFirstAdministrator(username, password.reveal())) {
                log.info("Created the first administrator, {}", username.typed());
                created.accept(username.typed());
            }
        } catch (GatehouseException refused) {
            if (refused.code() != ErrorCode.USERNAME_TAKEN) {
                throw refused;
            }
            log.error(
                    "There is no active administrator, and ADMIN_USERNAME ({}) belongs to a user who is none;"
                            + " name another one",
                    username.typed());
        }
    }
}
