package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import java.text.ParseException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.gatehouse.auth.KeySet.KnownKey;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys as this node has read them from the store, and for how long it believes that: {@link #LEASE}, counted from the
 * moment it <em>sent</em> the read. Why that is enough to revoke a key stands at {@link RotatingKeys}.
 */
final class BelievedKeys {
    /** How long a read of the keys is believed. A node that pauses for longer finds out before it accepts anything. */
    static final Duration LEASE = Duration.ofSeconds(2);

    /** Between two reads; so invented key ids cost the store five reads a second, however many there are. */
    private static final Duration READ_GAP = Duration.ofMillis(200);

    /** For another thread's read, which itself is bounded by less than this. */
    private static final Duration READ_WAIT_LIMIT = Duration.ofSeconds(2);

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(BelievedKeys.class);

    private final MongoSigningKeyDao store;
    private final KeyCipher cipher;
    private final boolean outlivingStore;
    private final Ticker ticker;
    private final Predicate<Duration> stopped;
    private final ReentrantLock reading = new ReentrantLock();

    private volatile @Nullable KeySet seen;
    private volatile boolean storeAway;
    private long lastSent; // guarded by reading
    private final Set<String> complainedOf = new HashSet<>(); // guarded by reading
    private Optional<Long> lastFailure = Optional.empty(); // guarded by reading

    /**
     * Knows no key until the first read.
     *
     * @param cipher decrypts their private parts
     * @param outlivingStore whether the keys seen last are believed for as long as the store does not answer
     * @param ticker the monotonic clock that the lease is measured with
     * @param stopped waits for this long; true when the ring is being closed
     */
    BelievedKeys(
            MongoSigningKeyDao store,
            KeyCipher cipher,
            boolean outlivingStore,
            Ticker ticker,
            Predicate<Duration> stopped) {
        this.store = store;
        this.cipher = cipher;
        this.outlivingStore = outlivingStore;
        this.ticker = ticker;
        this.stopped = stopped;
        this.lastSent = ticker.read() - READ_GAP.toNanos();
    }

    /** The keys of the last read, whether or not they are believed still; empty before the first. */
    Optional<KeySet> seen() {
        return Optional.ofNullable(seen);
    }

    /** The keys under a valid lease, or as they are now. */
    KeySet trusted() {
        long now = ticker.read();
        KeySet known = seen;
        return known != null && isBelieved(known, now) ? known : readSince(now);
    }

    /** The keys under a valid lease; empty when they would have to be read. */
    Optional<KeySet> present() {
        long now = ticker.read();
        return seen().filter(known -> isBelieved(known, now));
    }

    private boolean isBelieved(KeySet known, long now) {
        return now - known.sentAt() < LEASE.toNanos() || (outlivingStore && storeAway);
    }

    /**
     * The keys as a read showed them that was sent later than this; callers share reads.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE}
     */
    KeySet readSince(long since) {
        if (!lockedForReading()) {
            throw unavailable();
        }
        try {
            KeySet known = seen;
            if (known != null && known.sentAt() - since > 0) {
                return known;
            }
            if (lastFailure.filter(failed -> failed - since > 0).isPresent()) {
                throw unavailable(); // it failed while we waited; it is not asked again for each of those who waited
            }
            Duration pause = Duration.ofNanos(lastSent + READ_GAP.toNanos() - ticker.read());
            if (!pause.isNegative() && stopped.test(pause)) {
                throw unavailable();
            }
            return read();
        } finally {
            reading.unlock();
        }
    }

    private KeySet read() {
        long sent = ticker.read();
        lastSent = sent;
        try {
            List<StoredKey> stored = store.all();
            KeySet before = seen;
            List<KnownKey> known =
                    stored.stream().flatMap(key -> known(key, before).stream()).toList();
            long lastRound = stored.stream().mapToLong(StoredKey::round).max().orElse(0);
            KeySet read = new KeySet(known, lastRound, sent);
            seen = read;
            lastFailure = Optional.empty();
            storeAway = false;
            return read;
        } catch (RuntimeException failed) {
            storeAway = true;
            lastFailure = Optional.of(ticker.read());
            throw failed;
        }
    }

    private Optional<KnownKey> known(StoredKey stored, @Nullable KeySet before) {
        Optional<KnownKey> same =
                before == null ? Optional.empty() : before.find(stored.id()).filter(known -> isKept(known, stored));
        if (same.isPresent()) {
            return same.map(known -> new KnownKey(stored, known.publicKey(), known.key()));
        }
        try {
            ECKey key = ECKey.parse(stored.publicKey());
            boolean sound = stored.algorithm().equals(JWSAlgorithm.ES256.getName())
                    && Curve.P_256.equals(key.getCurve())
                    && stored.id().equals(key.computeThumbprint().toString())
                    && stored.id().equals(key.getKeyID());
            if (!sound) {
                complain("The stored signing {} is not what its id says; it is not used", stored);
                return Optional.empty();
            }
            ECKey whole = stored.privateKey()
                    .flatMap(text -> cipher.decrypt(stored.id(), text))
                    .filter(decrypted -> decrypted.toPublicJWK().equals(key.toPublicJWK()))
                    .orElse(key.toPublicJWK());
            return Optional.of(new KnownKey(stored, key.toPublicJWK(), SigningKey.elliptic(whole)));
        } catch (ParseException | JOSEException | IllegalStateException foreign) {
            complain("The stored signing {} cannot be read; it is not used", stored);
            return Optional.empty();
        }
    }

    /** Once of each key, not at each read: a later version may have made it, of a kind that this one does not know. */
    private void complain(String sentence, StoredKey stored) {
        if (complainedOf.add(stored.id())) {
            log.error(sentence, stored);
        }
    }

    /** A key that this node once could sign with stays so, also when a node with a newer AUTH_KEY encrypts it anew. */
    private static boolean isKept(KnownKey known, StoredKey stored) {
        return known.stored().publicKey().equals(stored.publicKey())
                && (known.key().signer().isPresent()
                        || known.stored().privateKey().equals(stored.privateKey()));
    }

    private boolean lockedForReading() {
        try {
            return reading.tryLock(READ_WAIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    static GatehouseException unavailable() {
        return GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
    }
}
