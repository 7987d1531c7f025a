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
 * The signing keys that one read of the store returned. It determines which key signs and which keys have retired at a
 * given time.
 *
 * <p>Keys whose private parts are encrypted under the same {@code AUTH_KEY} form one line, because a node that can sign
 * with one can sign with all. There is one line, except while {@code AUTH_KEY} is being changed. During the change,
 * nodes with the old value and nodes with the new value sign side by side. A successor is always in the same line,
 * because the signing node may be unable to use a key of another line.
 *
 * @param keys sorted by activation time, oldest first
 * @param lastSequence the highest sequence number of any key, 0 if there are none
 */
record KeySet(List<UsableKey> keys, long lastSequence) {

    /** A usable key: its id matches its public part. */
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

    /** The key of this id, even if it is revoked. */
    Optional<UsableKey> find(String id) {
        return keys.stream().filter(known -> known.stored().id().equals(id)).findFirst();
    }

    /** The key that this node signs with; empty if the node has to create one. */
    Optional<UsableKey> signing(Instant now) {
        return keys.stream()
                .map(known -> known.stored().encryptedUnder())
                .distinct()
                .flatMap(line -> current(line, now).stream())
                .filter(UsableKey::canSign)
                .max(BY_SUCCESSION);
    }

    /** When the successor of the newest key that this node can sign with must be created; empty without such a key. */
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

    /** The keys whose tokens have all expired, oldest first. */
    List<UsableKey> retired(KeySchedule schedule, Instant now) {
        return keys.stream()
                .filter(known -> ended(known, schedule, now)
                        .filter(end -> !end.plus(schedule.retention()).isAfter(now))
                        .isPresent())
                .toList();
    }

    /** The public keys that are not revoked as a JWK set, newest first. */
    String publicKeys() {
        List<JWK> open = newestFirst().stream()
                .filter(known -> !known.stored().isRevoked())
                .<JWK>map(UsableKey::publicKey)
                .toList();
        return new JWKSet(open).toString(true);
    }

    /** The keys of a line, without keys that were revoked before they became active. */
    private List<UsableKey> members(String line) {
        return keys.stream()
                .filter(known -> known.stored().encryptedUnder().equals(line))
                .filter(known -> !known.stored().wasNeverUsed())
                .toList();
    }

    private Optional<UsableKey> current(String line, Instant now) {
        List<UsableKey> members = members(line);
        // A key that has been succeeded never signs again. If the newest active key is revoked, the next key of the
        // line
        // takes over early. If no key is active, the clock of the node that created the first key is ahead.
        return members.stream()
                .filter(known -> known.isActive(now))
                .reduce((older, newer) -> newer)
                .filter(known -> !known.stored().isRevoked())
                .or(() -> members.stream()
                        .filter(known -> !known.isActive(now) && !known.stored().isRevoked())
                        .findFirst());
    }

    /** When the key signed for the last time; empty if it may still sign. */
    private Optional<Instant> ended(UsableKey known, KeySchedule schedule, Instant now) {
        StoredKey stored = known.stored();
        if (stored.isRevoked()) {
            return Optional.ofNullable(stored.revokedAt());
        }
        // When the nodes no longer continue the line of this key, while another line continues.
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
