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
 * The signing keys as one read of the store showed them, and which of them does what at a given time.
 *
 * <p>Keys follow each other in lines: those whose private parts are encrypted under one {@code AUTH_KEY} are one line,
 * because whoever can sign with one of them can sign with all. There is one line, except while {@code AUTH_KEY} is being
 * changed; then nodes with the old and with the new one sign side by side, and no key ends because of a successor that
 * the node which uses it could not use.
 *
 * @param keys by the time when they become active, oldest first
 * @param lastSequence the highest sequence number of any key, 0 if there is none
 */
record KeySet(List<UsableKey> keys, long lastSequence) {

    /** A key that can be used: its public part is what its id says. */
    record UsableKey(StoredKey stored, ECKey publicKey, SigningKey key) {
        boolean canSign() {
            return !stored.isRevoked() && key.signer().isPresent();
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

    /** The key of this id, be it revoked or not. */
    Optional<UsableKey> find(String id) {
        return keys.stream().filter(known -> known.stored().id().equals(id)).findFirst();
    }

    /** The key that this node signs with; empty when it has to make one. */
    Optional<UsableKey> signing(Instant now) {
        return keys.stream()
                .map(known -> known.stored().encryptedUnder())
                .distinct()
                .flatMap(line -> current(line, now).stream())
                .filter(UsableKey::canSign)
                .max(BY_SUCCESSION);
    }

    /** The newest key that this node can sign with, now or later. */
    Optional<UsableKey> newest() {
        return keys.stream().filter(UsableKey::canSign).reduce((older, newer) -> newer);
    }

    /** The keys that signed nothing which is still valid, oldest first. */
    List<UsableKey> retired(KeySchedule schedule, Instant now) {
        return keys.stream()
                .filter(known -> ended(known, schedule, now)
                        .filter(end -> !end.plus(schedule.retention()).isAfter(now))
                        .isPresent())
                .toList();
    }

    /** What others may know: the public keys that are not revoked, newest first. */
    String publicKeys() {
        List<JWK> open = keys.stream()
                .filter(known -> !known.stored().isRevoked())
                .sorted(BY_SUCCESSION.reversed())
                .<JWK>map(UsableKey::publicKey)
                .toList();
        return new JWKSet(open).toString(true);
    }

    /** The keys of a line, without those that were revoked before their time came. */
    private List<UsableKey> members(String line) {
        return keys.stream()
                .filter(known -> known.stored().encryptedUnder().equals(line))
                .filter(known -> !known.stored().wasNeverUsed())
                .toList();
    }

    private Optional<UsableKey> current(String line, Instant now) {
        List<UsableKey> members = members(line);
        Optional<UsableKey> newest =
                members.stream().filter(known -> known.isActive(now)).reduce((older, newer) -> newer);
        if (newest.filter(known -> !known.stored().isRevoked()).isPresent()) {
            return newest;
        }
        // What was succeeded never signs again, so the next in line takes over early. Without any active key, the first
        // one was made by a node whose clock is ahead.
        return members.stream()
                .filter(known -> !known.isActive(now) && !known.stored().isRevoked())
                .findFirst();
    }

    /** When a key signed for the last time; empty when it may still sign. */
    private Optional<Instant> ended(UsableKey known, KeySchedule schedule, Instant now) {
        StoredKey stored = known.stored();
        if (stored.isRevoked()) {
            return stored.revokedAt();
        }
        Optional<Instant> succeeded = successor(members(stored.encryptedUnder()), known, now);
        if (succeeded.isPresent()) {
            return succeeded;
        }
        // The last of a line that no node continues, while another line goes on.
        Instant overdue = stored.activeFrom().plus(schedule.rotation().multipliedBy(2));
        return successor(keys, known, now)
                .filter(other -> !overdue.isAfter(now))
                .map(other -> overdue);
    }

    private static Optional<Instant> successor(List<UsableKey> among, UsableKey known, Instant now) {
        Predicate<UsableKey> later = other -> BY_SUCCESSION.compare(other, known) > 0;
        return among.stream()
                .filter(later.and(other -> other.isActive(now)))
                .map(other -> other.stored().activeFrom())
                .findFirst();
    }
}
