package org.gatehouse.auth;

import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.gatehouse.auth.KeySet.KnownKey;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ring of {@code AUTH_ALG=ES256}: keys that the nodes make, publish, use and retire by themselves.
 *
 * <p>Why a revoked key is refused everywhere once {@link #revoke} has returned, without asking anybody at each request:
 * every node reads the keys again every {@link #PERIOD} and believes what it saw for {@link BelievedKeys#LEASE}, counted from the
 * moment it <em>sent</em> the read. A read that was sent after the revocation was acknowledged shows it. One that was
 * sent before may not, but is believed for {@link BelievedKeys#LEASE} at most from then on; so whoever waits that long after the
 * acknowledgement knows that nobody still believes it. A node that cannot read the keys in that time answers 503, and
 * neither accepts nor signs anything. Only monotonic clocks matter here; what the nodes' clocks say does not.
 *
 * <p>The clocks decide when a key begins to sign, and nothing else: a token is accepted whether or not its key is active
 * by this node's clock, so clocks may differ by less than {@link KeySchedule#retention} exceeds a token's life.
 */
public final class RotatingKeys implements KeyRing {
    /** So that a read may fail twice before the lease on the last one runs out. */
    static final Duration PERIOD = Duration.ofMillis(500);

    /** Added to the lease when it is waited for: monotonic clocks run at rates that differ by far less than this. */
    private static final Duration MARGIN = Duration.ofMillis(100);

    /** Callers that may wait at once for a read because of an unknown key: a fraction of a container's threads. */
    private static final int MAX_WAITING = 32;

    /** Losing this often means that others made this many keys within moments. */
    private static final int MAX_ATTEMPTS = 10;

    private static final Duration MIN_PAUSE = Duration.ofMillis(20);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(4);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** A SHA-256 thumbprint in base64url. */
    private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{43}");

    private static final Logger log = LoggerFactory.getLogger(RotatingKeys.class);

    private final MongoSigningKeyDao store;
    private final KeyCipher cipher;
    private final BelievedKeys believed;
    private final KeySchedule schedule;
    private final Clock clock;
    private final Ticker ticker;
    private final SecureRandom random;

    private final ReentrantLock maintaining = new ReentrantLock();
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final Set<String> reencrypted = new HashSet<>(); // guarded by maintaining
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread renewals = new Thread(this::renew, "gatehouse-keys");

    /**
     * Knows no key until {@link #start}.
     *
     * @param authKey encrypts the private keys in the store
     * @param previousAuthKey decrypts those that another value of {@code AUTH_KEY} encrypts
     * @param outlivingStore whether the keys seen last are believed for as long as the store does not answer, at the price
     *     of those that another node revokes meanwhile
     * @param ticker the monotonic clock that leases are measured with
     */
    public RotatingKeys(
            MongoConnection mongo,
            Secret authKey,
            Optional<Secret> previousAuthKey,
            KeySchedule schedule,
            boolean outlivingStore,
            Clock clock,
            Ticker ticker,
            SecureRandom random) {
        this.store = new MongoSigningKeyDao(mongo);
        this.cipher = new KeyCipher(authKey, previousAuthKey, random);
        this.schedule = schedule;
        this.clock = clock;
        this.ticker = ticker;
        this.random = random;
        this.believed = new BelievedKeys(store, cipher, outlivingStore, ticker, this::stopped);
        renewals.setDaemon(true);
    }

    @Override
    public void start() {
        store.createIndexes();
        maintain();
        if (renewals.getState() == Thread.State.NEW) {
            renewals.start();
        }
    }

    @Override
    public SigningKey current() {
        Optional<KnownKey> usable = believed.trusted().signing(clock.instant());
        if (usable.isEmpty()) {
            maintain();
            usable = believed.trusted().signing(clock.instant());
        }
        return usable.orElseThrow(BelievedKeys::unavailable).key();
    }

    /** Both gauges are absent while this node does not know which key signs. */
    public void bindTo(Metrics metrics) {
        metrics.bindGauges(
                "gatehouse_signing_key_age_seconds",
                "For how long the key has signed that signs now.",
                sample -> signingSince()
                        .ifPresent(since -> sample.call(seconds(Duration.between(since, clock.instant())))));
        metrics.bindGauges(
                "gatehouse_signing_key_rotation_seconds",
                "For how long a key is to sign.",
                sample -> signingSince().ifPresent(since -> sample.call(seconds(schedule.rotation()))));
    }

    private Optional<Instant> signingSince() {
        return believed.seen()
                .flatMap(seen -> seen.signing(clock.instant()))
                .map(key -> key.stored().activeFrom());
    }

    private static double seconds(Duration span) {
        return span.toMillis() / 1_000.0;
    }

    @Override
    public void requireUsable() {
        if (believed.present().flatMap(known -> known.signing(clock.instant())).isEmpty()) {
            throw BelievedKeys.unavailable();
        }
    }

    @Override
    public Optional<SigningKey> find(String keyId) {
        return valid(believed.trusted(), keyId);
    }

    @Override
    public Optional<SigningKey> findEvenIfNew(String keyId) {
        long since = ticker.read();
        KeySet known = believed.trusted();
        if (known.find(keyId).isPresent() || !KEY_ID.matcher(keyId).matches()) {
            return valid(known, keyId);
        }
        if (!waiting.tryAcquire()) {
            throw GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
        }
        try {
            return valid(believed.readSince(since), keyId);
        } finally {
            waiting.release();
        }
    }

    @Override
    public List<KeyInfo> list() {
        KeySet known = believed.trusted();
        Optional<String> current =
                known.signing(clock.instant()).map(key -> key.stored().id());
        List<KeyInfo> keys = new ArrayList<>(known.keys().stream()
                .map(key -> info(
                        key.stored(), current.equals(Optional.of(key.stored().id()))))
                .toList());
        Collections.reverse(keys);
        return keys;
    }

    @Override
    public String publicKeys() {
        return believed.trusted().publicKeys();
    }

    @Override
    public KeyInfo rotate() {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            KeySet known = believed.readSince(ticker.read());
            Instant now = now();
            Optional<StoredKey> made = make(known, now, now.plus(schedule.lead()));
            if (made.isPresent()) {
                believed.readSince(ticker.read());
                return info(made.get(), false);
            }
        }
        throw BelievedKeys.unavailable();
    }

    @Override
    public void revoke(String keyId) {
        if (!store.revoke(keyId, now())) {
            throw new GatehouseException(ErrorCode.NOT_FOUND, "There is no such key.");
        }
        long acknowledged = ticker.read();
        log.warn("The signing key {} was revoked", keyId);
        try {
            maintain(); // its successor, if it was the current one
        } catch (GatehouseException unreachable) {
            log.warn("No node can sign before the keys can be read again");
        }
        long end = acknowledged + BelievedKeys.LEASE.plus(MARGIN).toNanos();
        while (ticker.read() - end < 0) {
            if (stopped(Duration.ofNanos(end - ticker.read()))) {
                throw BelievedKeys.unavailable(); // revoked, but whether everybody knows is not known
            }
        }
    }

    @Override
    public void close() {
        stopping.countDown();
        try {
            renewals.join(STOP_LIMIT.toMillis());
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        renewals.interrupt();
    }

    private void renew() {
        Duration pause = PERIOD;
        while (!stopped(pause)) {
            try {
                maintain();
                pause = untilNextChange();
            } catch (GatehouseException unreachable) {
                pause = MIN_PAUSE; // the connection has said so, and has taken its time
            } catch (RuntimeException failed) {
                log.error("The signing keys cannot be kept up", failed);
                pause = PERIOD;
            }
        }
    }

    /** Reads the keys and does what is due: one key more, one less, another encryption. */
    private void maintain() {
        maintaining.lock();
        try {
            KeySet known = believed.readSince(ticker.read());
            Instant now = now();
            encryptUnderCurrent(known);
            Optional<Instant> next = nextKeyActiveFrom(known, now);
            if (next.isPresent()) {
                var unused = make(known, now, next.get()); // empty: another node was faster
                believed.readSince(ticker.read());
            }
            for (KnownKey retired : known.retired(schedule, now)) {
                store.delete(retired.stored());
                log.info("The signing key {} was retired", retired.stored().id());
            }
        } finally {
            maintaining.unlock();
        }
    }

    /** When the key would become active that must be made now; empty when none is due. */
    private Optional<Instant> nextKeyActiveFrom(KeySet known, Instant now) {
        if (known.signing(now).isEmpty()) {
            return Optional.of(now);
        }
        Instant earliest = now.plus(schedule.lead());
        return known.newest()
                .map(newest -> newest.stored().activeFrom().plus(schedule.rotation()))
                .filter(due -> !due.isAfter(earliest))
                .map(due -> earliest);
    }

    private Duration untilNextChange() {
        Optional<KnownKey> newest = believed.seen().flatMap(KeySet::newest);
        Duration due = newest.map(
                        key -> Duration.between(clock.instant(), key.stored().activeFrom())
                                .plus(schedule.rotation())
                                .minus(schedule.lead()))
                .orElse(PERIOD);
        Duration pause = due.compareTo(PERIOD) < 0 ? due : PERIOD;
        return pause.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : pause;
    }

    /** Stores a new key; empty when another node made the key of this round. */
    private Optional<StoredKey> make(KeySet known, Instant now, Instant activeFrom) {
        ECKey key;
        try {
            key = new ECKeyGenerator(Curve.P_256)
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.ES256)
                    .keyIDFromThumbprint(true)
                    .secureRandom(random)
                    .generate();
        } catch (JOSEException impossible) {
            throw new IllegalStateException("P-256 is not available in this Java", impossible);
        }
        StoredKey made = new StoredKey(
                key.getKeyID(),
                known.lastRound() + 1,
                JWSAlgorithm.ES256.getName(),
                key.toPublicJWK().toJSONString(),
                Optional.of(cipher.encrypt(key)),
                cipher.currentId(),
                now,
                activeFrom,
                Optional.empty());
        if (!store.insert(made)) {
            return Optional.empty();
        }
        log.info("Made the signing {}, active from {}", made, activeFrom);
        return Optional.of(made);
    }

    /**
     * Encrypts under {@code AUTH_KEY} what is encrypted under the previous one: each key once in the life of this
     * process, so that two nodes which each hold the other's key for the previous one do not do so forever.
     */
    private void encryptUnderCurrent(KeySet known) {
        for (KnownKey key : known.keys()) {
            StoredKey stored = key.stored();
            if (stored.encryptedUnder().equals(cipher.currentId()) || reencrypted.contains(stored.id())) {
                continue;
            }
            stored.privateKey()
                    .flatMap(text -> cipher.decrypt(stored.id(), text))
                    .ifPresent(decrypted -> {
                        store.reencrypt(stored, cipher.encrypt(decrypted), cipher.currentId());
                        reencrypted.add(stored.id());
                    });
        }
    }

    private static Optional<SigningKey> valid(KeySet known, String keyId) {
        return known.find(keyId).filter(key -> !key.stored().isRevoked()).map(KnownKey::key);
    }

    private static KeyInfo info(StoredKey key, boolean current) {
        return new KeyInfo(
                key.id(),
                key.algorithm(),
                Optional.of(key.createdAt()),
                Optional.of(key.activeFrom()),
                key.revokedAt(),
                current);
    }

    /** In the precision of the store. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** Waits; true when the ring is being closed. */
    private boolean stopped(Duration pause) {
        try {
            return stopping.await(pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
