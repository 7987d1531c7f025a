package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hashes passwords with Argon2id (RFC 9106) and checks them. New hashes are PHC strings. It also checks what the legacy
 * service stored, which is bcrypt or the password itself, and the hashes of other services.
 *
 * <p>A check takes at least as long as a check for an unknown user. {@link HashingExecutor} limits how many run at
 * once.
 */
public final class PasswordHasher implements AutoCloseable {
    /** Normalizing hostile text of the largest body costs more than the hash; real passwords are shorter than this. */
    static final int MAX_CHARS = 1024;

    private static final String IMPOSSIBLE = "matches no password";

    /** How to convert Django's formats to PHC strings, by their prefixes. */
    private static final Map<String, String> DJANGO = Map.of(
            "pbkdf2_sha256$",
            "pbkdf2_sha256$<iterations>$<salt>$<hash> is" + " $pbkdf2-sha256$i=<iterations>$<salt in Base64>$<hash>",
            "pbkdf2_sha1$",
            "pbkdf2_sha1$<iterations>$<salt>$<hash> is" + " $pbkdf2-sha1$i=<iterations>$<salt in Base64>$<hash>",
            "scrypt$",
            "scrypt$<salt>$<N>$<r>$<p>$<hash> is" + " $scrypt$ln=<log2 of N>,r=<r>,p=<p>$<salt in Base64>$<hash>",
            "argon2$",
            "remove argon2 before $argon2id$",
            "bcrypt$",
            "remove bcrypt$ before $2b$",
            "bcrypt_sha256$",
            "hashes of bcrypt_sha256 cannot be checked here");

    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    private static final Logger log = LoggerFactory.getLogger(PasswordHasher.class);

    /** A hash that no password matches, with the costs of a new hash. */
    private final Argon2Hash dummyHash;

    private final PasswordVerifier verifier;
    private final SecureRandom random = new SecureRandom();
    private final HashingExecutor executor;

    /**
     * Starts without threads. They start with the first work, and end after a minute without work, which frees their
     * memory.
     *
     * @param memoryKib the memory of a new hash in KiB; existing hashes contain their own costs
     * @param iterations the passes of a new hash
     * @param cores how many hashes may run at the same time unless many callers wait
     */
    public PasswordHasher(int memoryKib, int iterations, int cores, Metrics metrics) {
        this(
                new Argon2(memoryKib),
                memoryKib,
                iterations,
                new HashingExecutor(cores, HashingExecutor.WAIT_TIMEOUT, metrics),
                Ticker.systemTicker());
    }

    PasswordHasher(Argon2 argon2, int memoryKib, int iterations, HashingExecutor executor, Ticker ticker) {
        // An input whose hash is all zeros is not known.
        this.dummyHash = Argon2Hash.of(memoryKib, iterations, new byte[SALT_BYTES], new byte[HASH_BYTES]);
        this.verifier = new PasswordVerifier(argon2, dummyHash, ticker);
        this.executor = executor;
    }

    /**
     * Hashes this password and returns the PHC string to store.
     *
     * @throws GatehouseException {@code BUSY} if a slot is not free in time
     */
    public String hash(String password) {
        return executor.run(() -> {
            byte[] salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            Argon2Hash salted = dummyHash.with(salt, new byte[HASH_BYTES]);
            return salted.with(salt, verifier.derive(password, salted)).encode();
        });
    }

    /**
     * Measures the time of a new hash, so that the first login with a cheap hash takes as long as for an unknown user.
     * If the hasher is busy, the first login measures it.
     */
    public void measure() {
        try {
            var unused = executor.run(() -> verifier.derive("", dummyHash));
        } catch (GatehouseException busy) {
            log.debug("The cost of a hash is measured at the first login: {}", busy.code());
        }
    }

    /**
     * Hashes a password that can wait. Hashing starts when a slot is free, or after
     * {@link HashingExecutor#YIELD_TIMEOUT}, so that it is not deferred forever. If one thread calls this method, it
     * delays a login by at most one hash.
     *
     * @throws GatehouseException {@code BUSY} if a slot is not free even then, or if the thread is interrupted
     */
    public String hashWhenIdle(String password) {
        if (!executor.awaitFree()) {
            throw new GatehouseException(ErrorCode.BUSY);
        }
        return hash(password);
    }

    /**
     * Whether this is the password. Without a stored password, or with an unreadable one, the result is false after the
     * same work. The time therefore does not reveal whether an account exists.
     *
     * @param stored null if the user does not exist or cannot log in with a password
     * @throws GatehouseException {@code BUSY} if a slot is not free in time
     */
    public boolean matches(String password, @Nullable StoredPassword stored) {
        // bcrypt and HMAC pad with NUL, so a password with NUL may have the same hash as one without.
        boolean padded = stored != null && stored.foreign().isPresent() && password.indexOf('\0') >= 0;
        boolean acceptable = password.length() <= MAX_CHARS && isUnicode(password) && !padded;
        String candidate = acceptable ? password : IMPOSSIBLE;
        boolean expensive = stored != null && isExpensive(stored);
        boolean matches = expensive
                ? executor.runExpensive(() -> verifier.matches(candidate, stored))
                : executor.run(() -> verifier.matches(candidate, stored));
        return matches && acceptable && stored != null;
    }

    /** Whether the hash is expensive. Other services chose such costs, so these hashes may not use all cores. */
    private boolean isExpensive(StoredPassword stored) {
        return stored.foreign()
                .map(ForeignHash::isExpensive)
                .or(() -> stored.argon2().map(hash -> hash.isExpensiveBeside(dummyHash)))
                .orElse(false);
    }

    /**
     * Whether a new hash of this verified password should replace the stored one, because guessing it costs a thief
     * more. This applies if the stored text is not Argon2id or is cheaper, unless it does not prove the whole password.
     * The text beyond bcrypt's 72 bytes may be wrong, and would be required from then on.
     */
    public boolean needsRehash(StoredPassword stored, String password) {
        return stored.argon2().map(hash -> hash.isWeakerThan(dummyHash)).orElse(true)
                && stored.foreign().map(hash -> hash.provesAllOf(password)).orElse(true);
    }

    /**
     * Why a hash from another service is rejected, as words that follow "passwordHash"; empty if it is accepted.
     * bcrypt, Argon2, PBKDF2 and scrypt are accepted. A check may cost at most about two seconds of a core, and 256 MiB
     * for Argon2 or 128 MiB for scrypt. Argon2 hashes that cost at most as much as new hashes are always accepted.
     */
    public Optional<String> violation(String hash) {
        Boolean affordable = Optional.of(hash)
                .filter(text -> text.length() <= ForeignHash.MAX_LENGTH)
                .flatMap(Argon2Hash::parse)
                .map(known -> known.isAffordable() || known.costsAtMost(dummyHash))
                .or(() -> ForeignHash.parse(hash).map(ForeignHash::isAffordable))
                .orElse(null);
        if (affordable == null) {
            return Optional.of(DJANGO.entrySet().stream()
                    .filter(django -> hash.startsWith(django.getKey()))
                    .findFirst()
                    .map(django -> "must be a PHC string, not Django's format: " + django.getValue())
                    .orElse("must be a bcrypt hash ($2a$, $2b$, $2y$), or one of Argon2, PBKDF2 or scrypt as a PHC"
                            + " string, with costs that can be checked"));
        }
        return affordable ? Optional.empty() : Optional.of("has costs that no login may take");
    }

    /**
     * Whether a hash that {@link #violation} accepts is below the minimum costs in OWASP's Password Storage Cheat
     * Sheet. bcrypt: cost 10. Argon2: 7 MiB, and 35 MiB in all passes together. PBKDF2: 1,300,000 iterations with
     * SHA-1, 600,000 with SHA-256, 210,000 with SHA-512. scrypt: N=2^13, and N*r*p=655,360.
     */
    public boolean isWeak(String hash) {
        return Argon2Hash.parse(hash)
                .map(Argon2Hash::isWeak)
                .or(() -> ForeignHash.parse(hash).map(ForeignHash::isWeak))
                .orElse(false);
    }

    /**
     * Rejects the request if the queue is full. Called before any other work of a login, it makes rejections cheap.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public void requireQueueCapacity() {
        executor.requireQueueCapacity();
    }

    /** Counts a request that is not a login. If there are many, one core is left for them. */
    public void recordRequest() {
        executor.recordRequest();
    }

    @Override
    public void close() {
        executor.close();
    }

    /** Encoding replaces half of a surrogate pair by a question mark, which must not match one in the password. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
