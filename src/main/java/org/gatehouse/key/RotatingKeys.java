package org.gatehouse.key;

import com.github.benmanes.caffeine.cache.Ticker;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.gatehouse.concurrent.LeasedValue;
import org.gatehouse.concurrent.RepeatedTask;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.key.KeySet.UsableKey;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of {@code AUTH_ALG=ES256}, which the nodes create, publish, use and retire without an operator.
 *
 * <p>Each node reads the keys every {@link LeasedValue#POLL_INTERVAL} and trusts them until its lease expires. Every
 * lease from before a revocation expires within {@link LeasedValue#EXPIRY}, and {@link #revoke} returns after this
 * time. Requests whose tokens name a known key do not read the store. If a node cannot read the keys, its lease
 * expires. Unless {@code outlastingFailures} is true, the node then responds with 503 and neither accepts nor signs
 * tokens. Leases rely only on monotonic clocks.
 *
 * <p>Wall clocks determine when a key starts to sign and when it is deleted. A node accepts a token even if the token's
 * key is not yet active by the node's clock. Clocks must differ by less than one minute, the margin in
 * {@link KeySchedule#retention}.
 */
public final class RotatingKeys implements SigningKeys {
    /** The maximum number of callers that wait for a read of an unknown key, a fraction of the container's threads. */
    private static final int MAX_WAITING = 32;

    /** An attempt fails only if another node creates a key at the same time, so more attempts are not needed. */
    private static final int MAX_ATTEMPTS = 10;

    private static final Duration MIN_PAUSE = Duration.ofMillis(20);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** A SHA-256 thumbprint in base64url. */
    private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{43}");

    private static final Logger log = LoggerFactory.getLogger(RotatingKeys.class);

    private final MongoSigningKeyDao store;
    private final KeyRepository repository;
    private final LeasedValue<KeySet> keys;
    private final KeySchedule schedule;
    private final Clock clock;
    private final Ticker ticker;

    private final ReentrantLock maintaining = new ReentrantLock();
    private final Semaphore waiting = new Semaphore(MAX_WAITING);
    private final RepeatedTask renewals = new RepeatedTask("keys", this::renew);

    /**
     * Creates an instance without keys; {@link #start} reads them.
     *
     * @param authKeys the secrets that encrypt and decrypt the private keys in the store
     * @param outlastingFailures whether the keys of the last read remain trusted while the store is unavailable,
     *     although another node may have revoked one of them
     * @param ticker the monotonic clock that measures leases
     */
    public RotatingKeys(
            MongoConnection mongo,
            AuthKeys authKeys,
            KeySchedule schedule,
            boolean outlastingFailures,
            Clock clock,
            Ticker ticker,
            SecureRandom random) {
        this.store = new MongoSigningKeyDao(mongo);
        this.repository = new KeyRepository(store, new KeyCipher(authKeys, random), random);
        this.schedule = schedule;
        this.clock = clock;
        this.ticker = ticker;
        this.keys = new LeasedValue<>(this::read, LeasedValue.LEASE, outlastingFailures, ticker);
    }

    private Optional<KeySet> read() {
        return Optional.of(repository.read(keys.last().orElse(null)));
    }

    @Override
    public void start() {
        store.createIndexes();
        maintain();
        renewals.start();
    }

    @Override
    public SigningKey current() {
        return keys.get()
                .signing(clock.instant())
                .or(() -> {
                    maintain();
                    return keys.get().signing(clock.instant());
                })
                .orElseThrow(LeasedValue::unavailable)
                .key();
    }

    /** Registers two gauges, which are absent while this node does not know which key signs. */
    public void bindTo(Metrics metrics) {
        metrics.bindGauges(
                "gatehouse_signing_key_age_seconds",
                "Age of the key that signs now.",
                sample -> signingSince()
                        .ifPresent(since -> sample.call(seconds(Duration.between(since, clock.instant())))));
        metrics.bindGauges(
                "gatehouse_signing_key_rotation_seconds",
                "Time for which each key signs until the next key replaces it.",
                sample -> signingSince().ifPresent(since -> sample.call(seconds(schedule.rotation()))));
    }

    private Optional<Instant> signingSince() {
        return keys.last()
                .flatMap(known -> known.signing(clock.instant()))
                .map(key -> key.stored().activeFrom());
    }

    private static double seconds(Duration span) {
        return span.toMillis() / 1_000.0;
    }

    @Override
    public void requireUsable() {
        if (keys.trusted().flatMap(known -> known.signing(clock.instant())).isEmpty()) {
            throw LeasedValue.unavailable();
        }
    }

    @Override
    public Optional<SigningKey> find(String keyId) {
        return valid(keys.get(), keyId);
    }

    @Override
    public Optional<SigningKey> findEvenIfNew(String keyId) {
        long since = ticker.read();
        KeySet known = keys.get();
        if (known.find(keyId).isPresent() || !KEY_ID.matcher(keyId).matches()) {
            return valid(known, keyId);
        }
        if (!waiting.tryAcquire()) {
            throw GatehouseException.temporary(ErrorCode.BUSY, RETRY_AFTER, null);
        }
        try {
            return valid(keys.readSince(since), keyId);
        } finally {
            waiting.release();
        }
    }

    @Override
    public List<KeyInfo> list() {
        KeySet known = keys.get();
        UsableKey current = known.signing(clock.instant()).orElse(null);
        return known.newestFirst().stream()
                .map(key -> KeyInfo.of(key.stored(), key.equals(current)))
                .toList();
    }

    @Override
    public String publicKeys() {
        return keys.get().publicKeys();
    }

    @Override
    public KeyInfo rotate() {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            KeySet known = keys.refresh();
            Instant now = clock.instant();
            StoredKey created = repository
                    .create(known.lastSequence() + 1, now, now.plus(schedule.lead()))
                    .orElse(null);
            if (created != null) {
                keys.refresh();
                return KeyInfo.of(created, false);
            }
        }
        throw LeasedValue.unavailable();
    }

    @Override
    public void revoke(String keyId) {
        if (!store.revoke(keyId, clock.instant())) {
            throw new GatehouseException(ErrorCode.NOT_FOUND, "There is no such key.");
        }
        long acknowledged = ticker.read();
        log.warn("The signing key {} was revoked", keyId);
        try {
            maintain(); // creates a successor if the revoked key was the current key
        } catch (GatehouseException unreachable) {
            log.warn("No node can sign until the keys can be read again");
        }
        long end = acknowledged + LeasedValue.EXPIRY.toNanos();
        while (ticker.read() - end < 0) {
            if (renewals.awaitStop(Duration.ofNanos(end - ticker.read()))) {
                throw LeasedValue.unavailable(); // the key is revoked, but another node may still trust it
            }
        }
    }

    @Override
    public void close() {
        renewals.close();
    }

    private Duration renew() {
        try {
            maintain();
            return untilNextChange();
        } catch (GatehouseException unavailable) {
            return MIN_PAUSE; // the pause is short, because the failed call has already waited for the store
        }
    }

    /** Reads the keys, encrypts them under {@code AUTH_KEY}, creates the next key if due, and deletes retired keys. */
    private void maintain() {
        maintaining.lock();
        try {
            KeySet known = keys.refresh();
            Instant now = clock.instant();
            repository.encryptUnderCurrent(known);
            nextKeyActiveFrom(known, now).ifPresent(activeFrom -> {
                // The result is ignored, because another node may have created the key first.
                var unused = repository.create(known.lastSequence() + 1, now, activeFrom);
                keys.refresh();
            });
            for (UsableKey retired : known.retired(schedule, now)) {
                store.delete(retired.stored());
                log.info("The signing key {} was retired", retired.stored().id());
            }
        } finally {
            maintaining.unlock();
        }
    }

    /** Returns the activation time of a key that must be created now, or empty if a new key is not due. */
    private Optional<Instant> nextKeyActiveFrom(KeySet known, Instant now) {
        if (known.signing(now).isEmpty()) {
            return Optional.of(now);
        }
        return known.nextCreation(schedule).filter(due -> !due.isAfter(now)).map(due -> now.plus(schedule.lead()));
    }

    private Duration untilNextChange() {
        Instant now = clock.instant();
        Duration pause = keys.last()
                .flatMap(known -> known.nextCreation(schedule))
                .map(due -> Duration.between(now, due))
                .filter(left -> left.compareTo(LeasedValue.POLL_INTERVAL) < 0)
                .orElse(LeasedValue.POLL_INTERVAL);
        return pause.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : pause;
    }

    private static Optional<SigningKey> valid(KeySet known, String keyId) {
        return known.find(keyId).filter(key -> !key.stored().isRevoked()).map(UsableKey::key);
    }
}
