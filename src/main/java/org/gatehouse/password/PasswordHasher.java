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

/**
 * Hashes passwords with Argon2id (RFC 9106) and checks them. New hashes are PHC strings. Checks also accept hashes of
 * other services, and the bcrypt hash or plain password that the legacy service stored.
 *
 * <p>A check takes at least as long as a check for an unknown user. {@link HashingExecutor} limits how many hashes run
 * at once.
 */
public final class PasswordHasher implements AutoCloseable {
    /** Real passwords are shorter. Normalizing a hostile text that fills the largest body costs more than a hash. */
    static final int MAX_CHARS = 1024;

    private static final String IMPOSSIBLE = "matches no password";

    /** Advice on how to convert Django's formats to PHC strings, by the prefix of the format. */
    private static final Map<String, String> DJANGO = Map.of(
            "pbkdf2_sha256$",
            "pbkdf2_sha256$<iterations>$<salt>$<hash> becomes $pbkdf2-sha256$i=<iterations>$<salt in Base64>$<hash>",
            "pbkdf2_sha1$",
            "pbkdf2_sha1$<iterations>$<salt>$<hash> becomes $pbkdf2-sha1$i=<iterations>$<salt in Base64>$<hash>",
            "scrypt$",
            "scrypt$<salt>$<N>$<r>$<p>$<hash> becomes $scrypt$ln=<log2 of N>,r=<r>,p=<p>$<salt in Base64>$<hash>",
            "argon2$",
            "remove argon2 before $argon2id$",
            "bcrypt$",
            "remove bcrypt$ before $2b$",
            "bcrypt_sha256$",
            "hashes of bcrypt_sha256 cannot be checked here");

    private static final int SALT_BYTES = 16;
    private static final int HASH_BYTES = 32;

    /** A hash that no password matches, with the costs of a new hash. */
    private final Argon2Hash dummyHash;

    private final PasswordVerifier verifier;
    private final SecureRandom random = new SecureRandom();
    private final HashingExecutor executor;

    /**
     * Creates the hasher. Its threads start when work arrives. An idle thread ends after a minute and frees memory.
     *
     * @param memoryKib the memory of a new hash in KiB; existing hashes contain their own costs
     * @param iterations the passes of a new hash
     * @param cores the maximum number of hashes that run at the same time
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
        // A password whose hash consists of zeros is not known.
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
     * Hashes a password with less priority than logins. The hash enters the queue when a slot is free, at the latest
     * after {@link HashingExecutor#YIELD_TIMEOUT}. A single calling thread delays a login by at most one hash.
     *
     * @throws GatehouseException {@code BUSY} if the hash cannot start in time, or if the thread is interrupted
     */
    public String hashWhenIdle(String password) {
        if (!executor.awaitFree()) {
            throw new GatehouseException(ErrorCode.BUSY);
        }
        return hash(password);
    }

    /**
     * Whether this is the stored password. If the stored password is null or unreadable, the check takes as much work
     * and returns false. The time therefore does not reveal whether an account exists.
     *
     * @param stored null if the user does not exist or cannot log in with a password
     * @throws GatehouseException {@code BUSY} if a slot is not free in time
     */
    public boolean matches(String password, @Nullable StoredPassword stored) {
        // bcrypt and HMAC pad passwords with NUL, so passwords with and without NUL at the end may have the same hash.
        boolean padded = stored != null && stored.foreign().isPresent() && password.indexOf('\0') >= 0;
        boolean acceptable = password.length() <= MAX_CHARS && isUnicode(password) && !padded;
        String candidate = acceptable ? password : IMPOSSIBLE;
        boolean expensive = stored != null && isExpensive(stored);
        boolean matches = expensive
                ? executor.runExpensive(() -> verifier.matches(candidate, stored))
                : executor.run(() -> verifier.matches(candidate, stored));
        return matches && acceptable && stored != null;
    }

    /** Whether another service chose such high costs for this hash that its checks must not use all cores. */
    private boolean isExpensive(StoredPassword stored) {
        return stored.foreign()
                .map(ForeignHash::isExpensive)
                .or(() -> stored.argon2().map(hash -> hash.isExpensiveBeside(dummyHash)))
                .orElse(false);
    }

    /**
     * Whether a new hash of this verified password should replace the stored text, because a thief needs more time to
     * guess the password from the new hash. This applies if the stored text is not Argon2id, or is a cheaper hash. If
     * bcrypt has ignored the end of the password, the end may be wrong. A new hash would require this end, so the
     * stored hash is kept.
     */
    public boolean needsRehash(StoredPassword stored, String password) {
        return stored.argon2().map(hash -> hash.isWeakerThan(dummyHash)).orElse(true)
                && stored.foreign().map(hash -> hash.provesAllOf(password)).orElse(true);
    }

    /**
     * Returns why a hash from another service is rejected, as words that follow "passwordHash"; empty if it is
     * accepted. bcrypt, Argon2, PBKDF2 and scrypt are accepted. A check may take at most about two seconds of a core.
     * Argon2 may use 256 MiB, and scrypt 128 MiB. Argon2 hashes that cost at most as much as new hashes are always
     * accepted.
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
        return affordable ? Optional.empty() : Optional.of("has costs above the limits for a login");
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
     * Rejects the request if the queue is full. A login calls this method before any other work, so rejections are
     * cheap.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public void requireQueueCapacity() {
        executor.requireQueueCapacity();
    }

    /** Counts a request that is not a login. If many such requests arrive, one core is left for them. */
    public void recordRequest() {
        executor.recordRequest();
    }

    @Override
    public void close() {
        executor.close();
    }

    /** Returns false for lone surrogates, which Java encodes as question marks. They would match real ones. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
