package org.gatehouse.user;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.identity.Roles;
import org.gatehouse.identity.SessionEpoch;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.jspecify.annotations.Nullable;

/**
 * A user without credentials. Responses and the cache may contain it, because it has no password and no hash.
 *
 * @param username the username as typed
 * @param version incremented by each change; 0 if another service wrote the document
 * @param epoch determines which sessions of the user have ended; cached with the user, but not in responses
 * @param fields the custom fields, by name; not to be modified after construction
 * @param emailVerified when the user proved the address in the field {@code email}; null for an unverified address
 * @param hasFactor whether the user has a second factor; cached with the user, but not in responses
 * @param deletedAfter when the account of a leaving user is due for deletion; null for every other status
 * @param answer the finished JSON of this user
 */
public record User(
        UserId id,
        String username,
        Set<String> roles,
        UserStatus status,
        long version,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant lastLogin,
        SessionEpoch epoch,
        ObjectNode fields,
        @Nullable Instant emailVerified,
        boolean hasFactor,
        @Nullable Instant deletedAfter,
        UserAnswer answer) {
    public User {
        roles = Set.copyOf(roles);
        if ((status == UserStatus.LEAVING) != (deletedAfter != null)) {
            throw new IllegalArgumentException("A user has a time of deletion if and only if the status is leaving");
        }
    }

    /** Returns the address of the user; empty if the field {@code email} is absent or not an address. */
    public Optional<EmailAddress> email() {
        return email(fields);
    }

    private static Optional<EmailAddress> email(ObjectNode fields) {
        return Optional.ofNullable(fields.path(UserJson.EMAIL).textValue()).flatMap(EmailAddress::parse);
    }

    /** Returns the address that the user has proved. */
    public Optional<EmailAddress> verifiedEmail() {
        return emailVerified == null ? Optional.empty() : email();
    }

    /** Returns the language that the user prefers, as a BCP 47 tag; empty if it is unknown. */
    public Optional<String> locale() {
        return Optional.ofNullable(fields.path(UserJson.LOCALE).textValue()).filter(UserLocale::isTag);
    }

    boolean isAdministrator() {
        return roles.contains(Roles.ADMIN);
    }

    public boolean isActiveAdministrator() {
        return isActive() && isAdministrator();
    }

    /**
     * Whether the user may prove a password or a factor at a login. A leaving user may, but gets a session only after
     * the undo of the deletion.
     */
    public boolean mayAuthenticate() {
        return status != UserStatus.DISABLED;
    }

    /** Whether the user may log in and use sessions. */
    public boolean isActive() {
        return status == UserStatus.ACTIVE;
    }

    /**
     * Returns whether the status and the epoch of this user allow the session. This method does not detect the end of a
     * single session.
     *
     * @param sessionEpoch the number of the epoch when the session began
     */
    public boolean allows(SessionId session, long sessionEpoch) {
        return isActive() && epoch.allows(session, sessionEpoch);
    }

    /**
     * Returns this user with other contents. The values that the store sets (id, version, times) do not change.
     * Disabling a user ends all sessions. Otherwise, they would become valid again when the user is enabled again.
     * Another address is unverified.
     */
    public User with(String newUsername, Set<String> newRoles, UserStatus newStatus, ObjectNode newFields) {
        boolean disabled = isActive() && newStatus != UserStatus.ACTIVE;
        SessionEpoch newEpoch = disabled ? epoch.next(null) : epoch;
        return new User(
                id,
                newUsername,
                newRoles,
                newStatus,
                version,
                createdAt,
                updatedAt,
                lastLogin,
                newEpoch,
                newFields,
                email(newFields).equals(email()) ? emailVerified : null,
                hasFactor,
                newStatus == UserStatus.LEAVING ? deletedAfter : null,
                new UserAnswer());
    }

    /**
     * Returns this user with the status {@code leaving} and without sessions.
     *
     * @param time when the account is due for deletion
     */
    User leaving(Instant time) {
        return withStatus(UserStatus.LEAVING, time, epoch.next(null));
    }

    /** Returns this leaving user with the status {@code active}. The sessions that ended remain ended. */
    User staying() {
        return withStatus(UserStatus.ACTIVE, null, epoch);
    }

    private User withStatus(UserStatus newStatus, @Nullable Instant newDeletedAfter, SessionEpoch newEpoch) {
        return new User(
                id,
                username,
                roles,
                newStatus,
                version,
                createdAt,
                updatedAt,
                lastLogin,
                newEpoch,
                fields,
                emailVerified,
                hasFactor,
                newDeletedAfter,
                new UserAnswer());
    }

    /**
     * Returns this user with another address.
     *
     * @param address null removes the address
     * @param verifiedAt when the user proved the address; null for an unverified address
     */
    public User withEmail(@Nullable EmailAddress address, @Nullable Instant verifiedAt) {
        ObjectNode newFields = fields.deepCopy();
        if (address == null) {
            newFields.remove(UserJson.EMAIL);
        } else {
            newFields.put(UserJson.EMAIL, address.typed());
        }
        return new User(
                id,
                username,
                roles,
                status,
                version,
                createdAt,
                updatedAt,
                lastLogin,
                epoch,
                newFields,
                verifiedAt,
                hasFactor,
                deletedAfter,
                new UserAnswer());
    }

    /** Returns this user with the next epoch, which ends all sessions except the exempt session. */
    public User withoutSessions(@Nullable SessionId exempt) {
        return new User(
                id,
                username,
                roles,
                status,
                version,
                createdAt,
                updatedAt,
                lastLogin,
                epoch.next(exempt),
                fields,
                emailVerified,
                hasFactor,
                deletedAfter,
                new UserAnswer());
    }
}
