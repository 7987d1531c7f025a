package org.gatehouse.factor;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.gatehouse.user.User;

/**
 * A user and the factors, read at the same time.
 *
 * @param factors the confirmed factors by id, oldest first
 * @param unknown the number of factors of types that this version does not know
 * @param recoveryCodes the hashes of the unused recovery codes
 * @param pending the TOTP devices that are not confirmed, oldest first, including expired ones
 */
record StoredFactors(
        User user, Map<String, Factor> factors, int unknown, Set<String> recoveryCodes, List<PendingTotp> pending) {
    /** Returns the number of factors of all types. */
    int count() {
        return factors.size() + unknown;
    }

    /** Returns when the oldest factor was added. Logins since then have required a factor. */
    Instant since() {
        return factors.values().stream()
                .map(Factor::createdAt)
                .min(Comparator.naturalOrder())
                .orElse(Instant.MAX);
    }

    List<Factor.Totp> devices() {
        return all(Factor.Totp.class);
    }

    List<Factor.Passkey> passkeys() {
        return all(Factor.Passkey.class);
    }

    Optional<Factor.Passkey> passkey(String credentialId) {
        return passkeys().stream()
                .filter(passkey -> passkey.credentialId().equals(credentialId))
                .findFirst();
    }

    private <T extends Factor> List<T> all(Class<T> type) {
        return factors.values().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }
}
