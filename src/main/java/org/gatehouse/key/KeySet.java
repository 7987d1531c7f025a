package org.gatehouse.key;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The signing keys that one read of the store returned. The set determines which key signs and which keys have retired
 * at a given time.
 *
 * <p>Keys whose private parts are encrypted under the same {@code AUTH_KEY} form one line of succession: a node can
 * sign with all of them or with none. While {@code AUTH_KEY} is being changed, there are two lines, because some nodes
 * still have only the old value. At other times there is one line. The successor of a key is in the same line, because
 * a node may be unable to sign with a key of the other line.
 *
 * @param keys sorted by activation time, oldest first
 * @param lastSequence the highest sequence number of the keys; 0 if the set is empty
 */
record KeySet(List<UsableKey> keys, long lastSequence) {

    /** A key whose id matches its public part. */
    record UsableKey(StoredKey stored, ECKey publicKey, SigningKey key) {
        boolean canSign() {
            return !stored.isRevoked() && key.signer() != null;
        }

        boolean isActive(Instant now) {
            return !stored.activeFrom().isAfter(now);
        }
    }

    private static final Comparator<UsableKey> BY_SUCCESSION = Comparator.comparing(
                    (UsableKey known) -> known.stored().activeFrom())
            .thenComparing(known -> known.stored().sequence());

    KeySet {
        keys = keys.stream().sorted(BY_SUCCESSION).toList();
    }

    /** Returns the key with this id, even if the key is revoked. */
    Optional<UsableKey> find(String id) {
        return keys.stream().filter(known -> known.stored().id().equals(id)).findFirst();
    }

    /** Returns the key that this node signs with, or empty if the node must create a key. */
    Optional<UsableKey> signing(Instant now) {
        return keys.stream()
                .map(known -> known.stored().encryptedUnder())
                .distinct()
                .flatMap(line -> current(line, now).stream())
                .filter(UsableKey::canSign)
                .max(BY_SUCCESSION);
    }

    /** Returns when the successor of this node's newest signing key must be created; empty if this node cannot sign. */
    Optional<Instant> nextCreation(KeySchedule schedule) {
        return keys.stream()
                .filter(UsableKey::canSign)
                .reduce((older, newer) -> newer)
                .map(newest ->
                        newest.stored().activeFrom().plus(schedule.rotation()).minus(schedule.lead()));
    }

    List<UsableKey> newestFirst() {
        return keys.stream().sorted(BY_SUCCESSION.reversed()).toList();
    }

    /** Returns the keys whose tokens have all expired, oldest first. */
    List<UsableKey> retired(KeySchedule schedule, Instant now) {
        return keys.stream()
                .filter(known -> ended(known, schedule, now)
                        .filter(end -> !end.plus(schedule.retention()).isAfter(now))
                        .isPresent())
                .toList();
    }

    /** Returns a JWK set with the public keys that are not revoked, newest first. */
    String publicKeys() {
        List<JWK> open = newestFirst().stream()
                .filter(known -> !known.stored().isRevoked())
                .<JWK>map(UsableKey::publicKey)
                .toList();
        return new JWKSet(open).toString(true);
    }

    /** Returns the keys of a line, without keys that were revoked before they became active. */
    private List<UsableKey> members(String line) {
        return keys.stream()
                .filter(known -> known.stored().encryptedUnder().equals(line))
                .filter(known -> !known.stored().wasNeverUsed())
                .toList();
    }

    private Optional<UsableKey> current(String line, Instant now) {
        List<UsableKey> members = members(line);
        // The newest active key signs. If that key is revoked, the next key of the line signs before its activation
        // time. The first key of a line may also sign before its activation time, because the clock of the node that
        // created this key may be ahead.
        return members.stream()
                .filter(known -> known.isActive(now))
                .reduce((older, newer) -> newer)
                .filter(known -> !known.stored().isRevoked())
                .or(() -> members.stream()
                        .filter(known -> !known.isActive(now) && !known.stored().isRevoked())
                        .findFirst());
    }

    /** Returns when the key signed for the last time, or empty if the key may still sign. */
    private Optional<Instant> ended(UsableKey known, KeySchedule schedule, Instant now) {
        StoredKey stored = known.stored();
        if (stored.isRevoked()) {
            return Optional.ofNullable(stored.revokedAt());
        }
        // A successor in another line counts only after two rotations. By then, all nodes sign with keys of the other
        // line.
        Instant overdue = stored.activeFrom().plus(schedule.rotation().multipliedBy(2));
        return successor(members(stored.encryptedUnder()), known, now)
                .or(() -> successor(keys, known, now)
                        .filter(other -> !overdue.isAfter(now))
                        .map(other -> overdue));
    }

    private static Optional<Instant> successor(List<UsableKey> among, UsableKey known, Instant now) {
        Predicate<UsableKey> later = other -> BY_SUCCESSION.compare(other, known) > 0;
        return among.stream()
                .filter(later.and(other -> other.isActive(now)))
                .map(other -> other.stored().activeFrom())
                .findFirst();
    }
}
