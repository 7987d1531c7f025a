package org.gatehouse.service;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.user.UserStatus;

/**
 * A service account. Each change increases the version by one.
 *
 * @param name the name for people; several accounts may have the same name
 * @param epoch the number that tokens of the account contain; a new number ends all tokens issued before
 * @param secrets the secrets, latest first; at most {@link #MAX_SECRETS} of them are valid
 */
record ServiceAccount(
        ServiceId id,
        String name,
        Set<String> roles,
        UserStatus status,
        long version,
        long epoch,
        Instant createdAt,
        Instant updatedAt,
        List<StoredSecret> secrets) {
    /** One that clients use, and one that replaces it. */
    static final int MAX_SECRETS = 2;

    ServiceAccount {
        roles = Set.copyOf(roles);
        secrets = List.copyOf(secrets);
    }

    boolean isActive() {
        return status == UserStatus.ACTIVE;
    }

    /** Returns whether a token with this number is still valid. */
    boolean allows(long tokenEpoch) {
        return isActive() && tokenEpoch == epoch;
    }

    boolean hasSecret(byte[] hash, Instant now) {
        return secrets.stream().anyMatch(secret -> secret.isValid(now) && secret.matches(hash));
    }

    List<StoredSecret> validSecrets(Instant now) {
        return secrets.stream().filter(secret -> secret.isValid(now)).toList();
    }

    /**
     * Returns this account after a change, or the same object if nothing changes. Disabling ends all tokens. Otherwise,
     * they would become valid again when the account is enabled again.
     */
    ServiceAccount with(String newName, Set<String> newRoles, UserStatus newStatus, Instant now) {
        if (newName.equals(name) && newRoles.equals(roles) && newStatus == status) {
            return this;
        }
        boolean disabled = isActive() && newStatus != UserStatus.ACTIVE;
        return new ServiceAccount(
                id, newName, newRoles, newStatus, version + 1, disabled ? epoch + 1 : epoch, createdAt, now, secrets);
    }

    /** Returns this account with another secret; the earlier valid secrets end at the given time. */
    ServiceAccount withSecret(byte[] hash, Instant previousEnd, Instant now) {
        List<StoredSecret> previous = validSecrets(now).stream()
                .map(secret -> secret.endingAt(previousEnd))
                .filter(secret -> secret.isValid(now))
                .toList();
        List<StoredSecret> all = Stream.concat(Stream.of(new StoredSecret(hash, now, null)), previous.stream())
                .toList();
        // If no earlier secret stays valid, the reason may be a leak, so tokens that it has obtained end too.
        long newEpoch = previous.isEmpty() ? epoch + 1 : epoch;
        return new ServiceAccount(id, name, roles, status, version + 1, newEpoch, createdAt, now, all);
    }

    /** Returns this account without valid tokens. */
    ServiceAccount withoutTokens(Instant now) {
        return new ServiceAccount(id, name, roles, status, version + 1, epoch + 1, createdAt, now, secrets);
    }
}
