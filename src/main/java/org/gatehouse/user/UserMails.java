package org.gatehouse.user;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.gatehouse.config.MailSettings;
import org.gatehouse.config.MailSettings.Notice;
import org.gatehouse.http.ClientInfo;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailKind;
import org.gatehouse.mail.MailQueue;
import org.gatehouse.mail.MailRequest;
import org.jspecify.annotations.Nullable;

/**
 * Makes the mail requests that belong to changes of users. Callers store a request with its change in one write, and
 * call {@link #handOver} afterwards. Without a mail server, all lists of requests are empty.
 */
public final class UserMails {
    /** A notice that arrives later does not help the user. */
    private static final Duration NOTICE_EXPIRY = Duration.ofDays(3);

    /** The longest name of a factor in a notice, in Unicode characters. */
    private static final int MAX_FACTOR_NAME = 64;

    /** The characters that links and addresses need, with the other forms of the dot (UTS 46, section 2.3). */
    private static final Pattern LINK_CHARACTERS = Pattern.compile("[.:/\\\\@\u3002\uff0e\uff61]");

    private final MailQueue queue;
    private final @Nullable MailSettings settings;
    private final Clock clock;

    public UserMails(MailQueue queue, @Nullable MailSettings settings, Clock clock) {
        this.queue = queue;
        this.settings = settings;
        this.clock = clock;
    }

    /** Tells the queue that a change of this user is stored and may have requested mails. */
    public void handOver(UserId user) {
        queue.handOverSoon(user);
    }

    /** Returns the request for a mail that verifies the address of a new user. */
    List<MailRequest> verification(UserId user, Optional<EmailAddress> address, String language) {
        MailSettings mail = settings;
        if (mail == null || address.isEmpty()) {
            return List.of();
        }
        MailRequest.Receiver receiver = new MailRequest.Receiver(address.get(), user, null);
        Duration expiry = mail.expiry().verification();
        return List.of(request(MailKind.VERIFICATION, receiver, language, true, expiry, MailRequest.Details.NONE));
    }

    /** Returns the request for a notice about a new password. Only verified addresses get notices. */
    public List<MailRequest> passwordNotice(User user, ClientInfo client) {
        return notice(Notice.PASSWORD, MailKind.NOTICE_PASSWORD, user, client, MailRequest.Details.NONE);
    }

    /**
     * Returns the request for a notice to the old address.
     *
     * @param newAddress null if the address was removed
     * @param undoable whether the mail has a link that restores the old address
     */
    public List<MailRequest> addressNotice(
            User user, @Nullable EmailAddress newAddress, boolean undoable, ClientInfo client) {
        MailRequest.Details details = new MailRequest.Details(
                newAddress == null ? null : newAddress.typed(),
                undoable ? user.emailVerified() : null,
                user.version(),
                null,
                null,
                null,
                null);
        return notice(Notice.EMAIL, MailKind.NOTICE_EMAIL, user, client, details);
    }

    /**
     * Returns the request for a notice about a login from a new device.
     *
     * @param device the browser and the system, such as {@code Firefox on Linux}
     */
    public List<MailRequest> deviceNotice(User user, String device, ClientInfo client) {
        MailRequest.Details details = new MailRequest.Details(null, null, 0, device, client.address(), null, null);
        return notice(Notice.DEVICE, MailKind.NOTICE_DEVICE, user, client, details);
    }

    /**
     * Returns the request for a notice about a second factor. The notice contains the client, unless an administrator
     * caused the event.
     *
     * @param factorName the name that the user has given to the factor, of any length; empty if the event does not
     *     concern a named factor
     */
    public List<MailRequest> factorNotice(User user, FactorEvent event, String factorName, ClientInfo client) {
        boolean own = event != FactorEvent.REMOVED_BY_ADMINISTRATOR;
        MailRequest.Details details = new MailRequest.Details(
                null,
                null,
                0,
                own ? UserAgentName.parse(client.userAgent()).text() : null,
                own ? client.address() : null,
                null,
                new MailRequest.FactorDetails(event.text(), nameInMail(factorName)));
        return notice(Notice.FACTOR, MailKind.NOTICE_FACTOR, user, client, details);
    }

    /**
     * Returns a name without the characters that make a mail program show a link, because an attacker may have chosen
     * it. The templates remove control characters and escape the rest.
     */
    private static @Nullable String nameInMail(String name) {
        String plain = LINK_CHARACTERS.matcher(name).replaceAll("-").strip();
        int length = plain.codePointCount(0, plain.length());
        return plain.isEmpty()
                ? null
                : plain.substring(0, plain.offsetByCodePoints(0, Math.min(length, MAX_FACTOR_NAME)));
    }

    private List<MailRequest> notice(
            Notice notice, MailKind kind, User user, ClientInfo client, MailRequest.Details details) {
        MailSettings mail = settings;
        EmailAddress address = user.verifiedEmail().orElse(null);
        if (mail == null || address == null || !mail.notices().contains(notice)) {
            return List.of();
        }
        MailRequest.Receiver receiver = new MailRequest.Receiver(address, user.id(), null);
        Duration expiry = notice == Notice.EMAIL ? mail.expiry().undo() : NOTICE_EXPIRY;
        return List.of(request(kind, receiver, language(user, client), false, expiry, details));
    }

    /**
     * Returns the request for a mail to the new address of a user, which the user must prove.
     *
     * @param limited whether the number of mails to the address is limited, because the user may be a stranger
     */
    public MailRequest change(User user, EmailAddress newAddress, boolean limited, ClientInfo client) {
        MailRequest.Receiver receiver = new MailRequest.Receiver(newAddress, user.id(), null);
        Duration expiry = required().expiry().change();
        MailRequest.Details details = new MailRequest.Details(null, null, user.version(), null, null, null, null);
        return request(MailKind.CHANGE, receiver, language(user, client), limited, expiry, details);
    }

    /** Returns the request for a mail with which the owner of an account sets a new password. */
    public MailRequest reset(MailRequest.Receiver receiver, String language, boolean limited) {
        return request(
                MailKind.RESET, receiver, language, limited, required().expiry().reset(), MailRequest.Details.NONE);
    }

    /** Returns the request for another mail that verifies the address of a user. */
    public MailRequest verificationAgain(User user, EmailAddress address, ClientInfo client) {
        MailRequest.Receiver receiver = new MailRequest.Receiver(address, user.id(), null);
        Duration expiry = required().expiry().verification();
        return request(MailKind.VERIFICATION, receiver, language(user, client), true, expiry, MailRequest.Details.NONE);
    }

    /** Returns the request for a mail that invites a person. The id of the request is also the id of the new user. */
    public MailRequest invitation(EmailAddress address, MailRequest.Invitation invitation, String language) {
        MailRequest.Receiver receiver = new MailRequest.Receiver(address, null, null);
        MailRequest.Details details = new MailRequest.Details(null, null, 0, null, null, invitation, null);
        return request(
                MailKind.INVITATION,
                receiver,
                language,
                true,
                required().expiry().invitation(),
                details);
    }

    private MailSettings required() {
        queue.requireConfigured();
        return Objects.requireNonNull(settings);
    }

    private MailRequest request(
            MailKind kind,
            MailRequest.Receiver receiver,
            String language,
            boolean limited,
            Duration expiry,
            MailRequest.Details details) {
        Instant now = clock.instant();
        return new MailRequest(
                UserDocument.newId().hex(), kind, receiver, language, limited, now, now.plus(expiry), details);
    }

    private static String language(User user, ClientInfo client) {
        return user.locale().orElse(client.language());
    }
}
