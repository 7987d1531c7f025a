package org.gatehouse.account;

import java.security.SecureRandom;
import java.util.List;
import java.util.function.BiConsumer;
import org.gatehouse.audit.AuditLog;
import org.gatehouse.auth.Authenticator;
import org.gatehouse.config.MailSettings;
import org.gatehouse.factor.SecondFactor;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailModule;
import org.gatehouse.mail.MailPreparer;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.PasswordPolicy;
import org.gatehouse.store.ModuleContext;
import org.gatehouse.throttle.Throttle;
import org.gatehouse.user.StepUp;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserMails;
import org.gatehouse.user.UserService;
import org.jspecify.annotations.Nullable;

/**
 * Creates the objects of this package.
 *
 * @param preparer determines receivers and links of mails; null without a mail server
 */
public record AccountModule(@Nullable MailPreparer preparer, List<Object> resources) {
    /** The objects of other packages that this package uses. */
    public record Parts(
            UserDaos users,
            UserService userService,
            UserMails mails,
            MailModule mail,
            PasswordHasher hasher,
            PasswordPolicy policy,
            Throttle throttle,
            StepUp stepUp,
            Authenticator authenticator,
            SecondFactor secondFactor,
            AuditLog audit) {}

    /**
     * Creates the module.
     *
     * @param clearFailures deletes the counts of failed logins of a user, by id and username
     */
    public static AccountModule of(ModuleContext context, Parts parts, BiConsumer<UserId, String> clearFailures) {
        UserDaos users = parts.users();
        MailModule mail = parts.mail();
        AddressRules addresses = new AddressRules(users.cached(), users.proofs());
        AccountContext account = new AccountContext(
                users.proofs(), parts.mails(), mail.queue(), mail.limits(), addresses, parts.audit(), context.clock());
        AddressService addressService =
                new AddressService(account, parts.userService(), parts.stepUp(), parts.throttle());
        PasswordRecovery recovery =
                new PasswordRecovery(account, parts.hasher(), parts.policy(), parts.secondFactor(), clearFailures);
        InvitationService invitations = new InvitationService(
                account, users.cached(), mail.rows(), parts.hasher(), parts.policy(), parts.stepUp());
        return new AccountModule(
                preparer(context, parts, addresses),
                List.of(
                        new PasswordRecoveryResource(recovery),
                        new EmailResource(addressService, parts.authenticator()),
                        new UserEmailResource(addressService),
                        new InvitationResource(invitations),
                        new MailResource(mail.rows(), parts.audit())));
    }

    private static @Nullable MailPreparer preparer(ModuleContext context, Parts parts, AddressRules addresses) {
        MailSettings settings = context.settings().mail();
        if (settings == null) {
            return null;
        }
        UserDaos users = parts.users();
        return new AccountMailPreparer(
                users,
                addresses,
                parts.mail().limits(),
                parts.mail().rows(),
                settings,
                new SecureRandom(),
                context.clock());
    }
}
