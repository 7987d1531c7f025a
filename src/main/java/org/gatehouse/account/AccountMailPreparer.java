package org.gatehouse.account;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.gatehouse.config.MailSettings;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.mail.MailKind;
import org.gatehouse.mail.MailLimits;
import org.gatehouse.mail.MailMessage;
import org.gatehouse.mail.MailMessage.Event;
import org.gatehouse.mail.MailMessage.Values;
import org.gatehouse.mail.MailPreparer;
import org.gatehouse.mail.MailRequest;
import org.gatehouse.mail.MailRow;
import org.gatehouse.mail.MailRows;
import org.gatehouse.user.ProofPurpose;
import org.gatehouse.user.User;
import org.gatehouse.user.UserDaos;
import org.gatehouse.user.UserProofs;
import org.jspecify.annotations.Nullable;

/**
 * Determines the receiver of each mail and makes the proof in its link, when the mail is about to be sent. Each attempt
 * makes a new proof, because only the hash of a proof is stored. The proofs of all attempts are valid.
 */
final class AccountMailPreparer implements MailPreparer {
    private static final Pattern PLAIN_NAME = Pattern.compile("[\\p{L}\\p{M}\\p{N}_-]{1,40}");

    private static final String NO_ACCOUNT = "No active account has this address or name.";
    private static final String TOO_MANY = "The address has received too many mails.";
    private static final String CHANGED = "The account has changed since the request.";
    private static final String HAS_ACCOUNT = "An account has verified this address.";

    private final UserDaos users;
    private final UserProofs proofs;
    private final AddressRules addresses;
    private final MailLimits limits;
    private final MailRows rows;
    private final MailSettings settings;
    private final SecureRandom random;
    private final Clock clock;

    AccountMailPreparer(
            UserDaos users,
            AddressRules addresses,
            MailLimits limits,
            MailRows rows,
            MailSettings settings,
            SecureRandom random,
            Clock clock) {
        this.users = users;
        this.proofs = users.proofs();
        this.addresses = addresses;
        this.limits = limits;
        this.rows = rows;
        this.settings = settings;
        this.random = random;
        this.clock = clock;
    }

    @Override
    public Preparation prepare(MailRow row) {
        return switch (row.request().kind()) {
            case RESET -> reset(row);
            case VERIFICATION -> verification(row);
            case CHANGE -> change(row);
            case INVITATION -> invitation(row);
            case NOTICE_EMAIL -> addressNotice(row);
            case NOTICE_PASSWORD, NOTICE_DEVICE, NOTICE_FACTOR -> notice(row);
            case TEST -> new Send(message(row, required(row), row.request().language(), Values.NONE));
        };
    }

    private Preparation reset(MailRow row) {
        User user = resetTarget(row.request().receiver()).orElse(null);
        if (user == null) {
            return new Skip(NO_ACCOUNT);
        }
        if (!user.id().equals(row.user())) {
            rows.setUser(row, user.id());
        }
        EmailAddress address = user.email().orElseThrow();
        if (!limits.admit(row, address)) {
            return new Skip(TOO_MANY);
        }
        return withProof(
                row, user.id(), address, ProofPurpose.RESET, now -> now.mayAuthenticate() && hasAddress(now, address));
    }

    private Optional<User> resetTarget(MailRequest.Receiver receiver) {
        if (receiver.userId() != null) {
            return find(receiver.userId()).filter(user -> user.mayAuthenticate() && user.emailVerified() != null);
        }
        if (receiver.address() != null) {
            return addresses.owner(receiver.address());
        }
        return Optional.ofNullable(receiver.username())
                .flatMap(users.stored()::findByName)
                .filter(addresses::mayReset);
    }

    private Preparation verification(MailRow row) {
        EmailAddress address = required(row);
        UserId id = userId(row);
        Predicate<User> unverified =
                user -> user.isActive() && hasAddress(user, address) && user.emailVerified() == null;
        if (find(id).filter(unverified).isEmpty()) {
            return new Skip(CHANGED);
        }
        if (proofs.findVerified(address).isPresent()) {
            return new Skip(HAS_ACCOUNT);
        }
        if (!limits.admit(row, address)) {
            return new Skip(TOO_MANY);
        }
        return withProof(row, id, address, ProofPurpose.VERIFICATION, unverified);
    }

    private Preparation change(MailRow row) {
        EmailAddress address = required(row);
        if (proofs.findVerified(address)
                .filter(owner -> !owner.id().equals(userId(row)))
                .isPresent()) {
            return new Skip(HAS_ACCOUNT);
        }
        if (!limits.admit(row, address)) {
            return new Skip(TOO_MANY);
        }
        return withProof(row, userId(row), address, ProofPurpose.CHANGE, User::isActive);
    }

    private Preparation addressNotice(MailRow row) {
        return row.request().details().verifiedAt() == null
                ? notice(row)
                : withProof(row, userId(row), required(row), ProofPurpose.UNDO, user -> true);
    }

    private Preparation notice(MailRow row) {
        return find(userId(row))
                .<Preparation>map(
                        user -> new Send(message(row, required(row), language(user, row), values(row, user, null))))
                .orElseGet(() -> new Skip(CHANGED));
    }

    private Preparation withProof(
            MailRow row, UserId id, EmailAddress address, ProofPurpose purpose, Predicate<User> condition) {
        Proof proof = Proof.draw(id.hex(), random);
        MailRequest request = row.request();
        UserProofs.NewProof stored = new UserProofs.NewProof(
                purpose,
                proof.hash(),
                address,
                request.details().verifiedAt(),
                request.details().accountVersion(),
                request.expiresAt());
        return proofs.issue(id, stored, condition)
                .<Preparation>map(user ->
                        new Send(message(row, address, language(user, row), values(row, user, link(purpose, proof)))))
                .orElseGet(() -> new Skip(CHANGED));
    }

    private Preparation invitation(MailRow row) {
        EmailAddress address = required(row);
        if (proofs.findVerified(address).isPresent()) {
            return new Skip(HAS_ACCOUNT);
        }
        if (!limits.admit(row, address)) {
            return new Skip(TOO_MANY);
        }
        Proof proof = Proof.draw(row.request().id(), random);
        if (!rows.addInvitationProof(row, proof.hash())) {
            return new Skip(CHANGED);
        }
        MailRequest.Invitation invitation = row.request().details().invitation();
        Values values = new Values(
                invitation == null ? null : invitation.username(),
                link(ProofPurpose.INVITATION, proof),
                validity(row),
                null,
                Event.NONE);
        return new Send(message(row, address, row.request().language(), values));
    }

    private Values values(MailRow row, User user, @Nullable String link) {
        MailRequest request = row.request();
        String newAddress = request.kind() == MailKind.CHANGE
                ? required(row).typed()
                : request.details().newAddress();
        return new Values(
                mayShowName(request.kind(), user.username()) ? user.username() : null,
                link,
                link == null ? null : validity(row),
                newAddress,
                new Event(
                        request.details().device(),
                        request.details().ip(),
                        request.createdAt(),
                        request.details().factor()));
    }

    /**
     * Whether the mail contains the name. The receiver of an address that is not proved may not know the user, so the
     * name must not be a message or a link.
     */
    private static boolean mayShowName(MailKind kind, String username) {
        boolean proved = kind != MailKind.VERIFICATION && kind != MailKind.CHANGE;
        return proved || PLAIN_NAME.matcher(username).matches();
    }

    private Duration validity(MailRow row) {
        return Duration.between(clock.instant(), row.request().expiresAt());
    }

    private String link(ProofPurpose purpose, Proof proof) {
        return settings.links().link(purpose.text(), proof.text());
    }

    private static MailMessage message(MailRow row, EmailAddress to, String language, Values values) {
        return new MailMessage(row.request().id(), row.request().kind(), to, Locale.forLanguageTag(language), values);
    }

    private static String language(User user, MailRow row) {
        return user.locale().orElse(row.request().language());
    }

    private Optional<User> find(UserId id) {
        return users.stored().findLinearizable(id);
    }

    private static boolean hasAddress(User user, EmailAddress address) {
        return user.email().equals(Optional.of(address));
    }

    private static EmailAddress required(MailRow row) {
        return Optional.ofNullable(row.request().receiver().address()).orElseThrow();
    }

    private static UserId userId(MailRow row) {
        return Optional.ofNullable(row.request().receiver().userId()).orElseThrow();
    }
}
