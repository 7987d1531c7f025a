package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.mail.MailRequest;
import org.jspecify.annotations.Nullable;

/**
 * A user that is about to be stored.
 *
 * @param passwordHash the hash to store; null for a user who cannot log in until a password is set
 * @param mails the mails that the creation requests; they are stored with the user in one write
 */
public record NewUser(
        UserId id,
        Username username,
        @Nullable String passwordHash,
        Set<String> roles,
        UserStatus status,
        ObjectNode fields,
        Imported imported,
        List<MailRequest> mails) {
    public NewUser {
        roles = Set.copyOf(roles);
        mails = List.copyOf(mails);
    }

    /** Returns the address of the user; empty if the field {@code email} is absent or not an address. */
    public Optional<EmailAddress> email() {
        return Optional.ofNullable(fields.path(UserJson.EMAIL).textValue()).flatMap(EmailAddress::parse);
    }

    /** Returns the language that the user prefers; null if it is unknown. */
    @Nullable
    String locale() {
        String tag = fields.path(UserJson.LOCALE).textValue();
        return tag != null && UserLocale.isTag(tag) ? tag : null;
    }

    /**
     * The metadata of a user imported from another database, or of an invited user. If a component is null, the imported user gets the value
     * that a newly created user gets.
     *
     * @param sameId whether the user keeps its id from the other database. If so, the sessions of a deleted user with
     *     this id stay ended
     * @param version at least 1
     * @param emailVerified when the user proved the address in the field {@code email}
     * @param serverData data of other packages, such as second factors
     */
    public record Imported(
            boolean sameId,
            @Nullable Long version,
            @Nullable Instant createdAt,
            @Nullable Instant updatedAt,
            @Nullable Instant lastLogin,
            @Nullable Instant emailVerified,
            ServerDataDocument serverData) {
        static final Imported NONE = new Imported(false, null, null, null, null, null, ServerDataDocument.NONE);

        /** Returns the metadata of a new user who has proved the address. */
        public static Imported verified(Instant at) {
            return new Imported(true, null, null, null, null, at, ServerDataDocument.NONE);
        }
    }

    /** Creates a user with a new id. */
    public NewUser(Username username, String passwordHash, Set<String> roles, UserStatus status, ObjectNode fields) {
        this(UserDocument.newId(), username, passwordHash, roles, status, fields, Imported.NONE, List.of());
    }

    /** Returns this user with the given hash. */
    public NewUser withHash(String hash) {
        return new NewUser(id, username, hash, roles, status, fields, imported, mails);
    }

    /** Returns this user with mails that are sent after the creation. */
    NewUser withMails(List<MailRequest> requests) {
        return new NewUser(id, username, passwordHash, roles, status, fields, imported, requests);
    }

    @Override
    public String toString() {
        return "NewUser[" + username.typed() + "]";
    }
}
