package org.gatehouse.password;

import com.github.benmanes.caffeine.cache.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hashes passwords with Argon2id (RFC 9106) and checks them; hashes are PHC strings. What the original service stored,
 * bcrypt or the password itself, is checked too, and so are the hashes of other services.
 *
 * <p>Hashes take turns: see {@link HashingExecutor}.
 */
public final class PasswordHasher implements AutoCloseable {
    /** Normalising a hostile text of the largest body costs more than the hash; no password is as long as this. */
    static final int MAX_CHARS = 1024;

    private static final String IMPOSSIBLE = "nobody's guess";

    /** How Django's formats, by what they begin with, become PHC strings. */
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

    private final Argon2 argon2;
    private final Argon2Hash dummyHash;
    private final SecureRandom random = new SecureRandom();
    private final HashingExecutor slots;

    private final Ticker ticker;

    /** What a new hash took most recently; 0 until that is known. */
    private volatile long ownNanos;

    /**
     * Starts with no threads; they come with the first work and go, with the memory they hold, after a minute without.
     *
     * @param memoryKib memory of a new hash; existing hashes carry their own costs
     * @param iterations passes of a new hash
     * @param cores how many hashes may run at once, in ordinary times
     */
    public PasswordHasher(int memoryKib, int iterations, int cores, Metrics metrics) {
        this(
                new Argon2(memoryKib),
                memoryKib,
                iterations,
                new HashingExecutor(cores, HashingExecutor.WAIT_TIMEOUT, metrics),
                Ticker.systemTicker());
    }

    PasswordHasher(Argon2 argon2, int memoryKib, int iterations, HashingExecutor slots, Ticker ticker) {
        this.ticker = ticker;
        this.argon2 = argon2;
        // Matches no password: nothing is known whose hash is all zeros.
        this.dummyHash = Argon2Hash.of(memoryKib, iterations, new byte[SALT_BYTES], new byte[HASH_BYTES]);
        this.slots = slots;
    }

    /**
     * The PHC string to store for this password.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public String hash(String password) {
        return slots.run(() -> {
            byte[] salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            Argon2Hash salted = dummyHash.with(salt, new byte[HASH_BYTES]);
            return salted.with(salt, timed(normal(password), salted)).encode();
        });
    }

    /**
     * Computes a hash to learn how long that takes, so that the first login of a user with a cheap hash takes as long as
     * that of an unknown user. If that cannot be done now, the first hash of a login tells.
     */
    public void measure() {
        try {
            var unused = slots.run(() -> timed("", dummyHash));
        } catch (GatehouseException busy) {
            log.debug("The cost of a hash is measured at the first login: {}", busy.code());
        }
    }

    /**
     * Hashes a password that can wait: it begins when a slot is free or, so that it is not put off for ever, after
     * {@link HashingExecutor#YIELD_TIMEOUT}. Called from one thread, it delays no login by more than one hash.
     *
     * @throws GatehouseException {@code BUSY} if there is no slot even then, or the thread is interrupted
     */
    public String hashUnhurried(String password) {
        if (!slots.awaitFree()) {
            throw new GatehouseException(ErrorCode.BUSY);
        }
        return hash(password);
    }

    /**
     * Whether this is the password. Without one, or with one that cannot be read, the answer is no, after the same work,
     * so that time does not tell who has an account.
     *
     * @throws GatehouseException {@code BUSY} when there is no slot in time
     */
    public boolean matches(String password, Optional<StoredPassword> stored) {
        boolean acceptable = password.length() <= MAX_CHARS
                && isUnicode(password)
                && !(isForeign(stored) && password.indexOf('\0') >= 0);
        boolean possible = stored.isPresent() && acceptable;
        String candidate = acceptable ? password : IMPOSSIBLE;
        if (stored.filter(this::isDear).isPresent()) {
            return slots.runDear(() -> verify(candidate, stored)) && possible;
        }
        return slots.run(() -> verify(candidate, stored)) && possible;
    }

    /** bcrypt and HMAC pad with NUL, so a password with NUL may have the hash of one without. */
    private static boolean isForeign(Optional<StoredPassword> stored) {
        return stored.flatMap(StoredPassword::foreign).isPresent();
    }

    /** Nobody here chose such costs, so they are not to take every core from all other logins. */
    private boolean isDear(StoredPassword stored) {
        return stored.foreign()
                .map(ForeignHash::isDear)
                .orElseGet(() -> !stored.plain()
                        && Argon2Hash.parse(stored.text())
                                .filter(hash -> hash.isDearBeside(dummyHash))
                                .isPresent());
    }

    /**
     * Whether a hash of this password, which was right, is to replace the stored one: it would cost a thief more, because
     * the text is none of Argon2id or a cheaper one. Not if the stored one does not prove all of the password: what was
     * typed, or left out, beyond 72 bytes of bcrypt may be wrong, and would count from then on.
     */
    public boolean needsRehash(StoredPassword stored, String password) {
        return isWeakerThanNew(stored)
                && stored.foreign().map(hash -> hash.provesAllOf(password)).orElse(true);
    }

    private boolean isWeakerThanNew(StoredPassword stored) {
        return stored.plain()
                || Argon2Hash.parse(stored.text())
                        .map(hash -> hash.isWeakerThan(dummyHash))
                        .orElse(true);
    }

    /**
     * Why a hash that another service made is not taken over, as words that follow "passwordHash"; empty when it is.
     * Taken are bcrypt, Argon2, PBKDF2 and scrypt, unless a check would cost more than some two seconds of a core, 256 MiB
     * with Argon2 or 128 MiB with scrypt; what this service makes itself is always taken.
     */
    public Optional<String> violation(String hash) {
        Optional<Argon2Hash> argon2Hash =
                hash.length() <= ForeignHash.MAX_LENGTH ? Argon2Hash.parse(hash) : Optional.empty();
        Optional<Boolean> affordable = argon2Hash
                .map(known -> known.isAffordable() || known.costsAtMost(dummyHash))
                .or(() -> ForeignHash.parse(hash).map(ForeignHash::isAffordable));
        if (affordable.isEmpty()) {
            return Optional.of(DJANGO.entrySet().stream()
                    .filter(django -> hash.startsWith(django.getKey()))
                    .findFirst()
                    .map(django -> "must be a PHC string, not Django's format: " + django.getValue())
                    .orElse("must be a bcrypt hash ($2a$, $2b$, $2y$), or one of Argon2, PBKDF2 or scrypt as a PHC"
                            + " string, with costs that can be checked"));
        }
        return affordable.get() ? Optional.empty() : Optional.of("has costs that no login may take");
    }

    /**
     * Whether a hash that {@link #violation} accepts has costs below what OWASP's Password Storage Cheat Sheet recommends
     * at least: bcrypt cost 10; Argon2 7 MiB, and 35 MiB in all passes together; PBKDF2 1,300,000 iterations with SHA-1,
     * 600,000 with SHA-256, 210,000 with SHA-512; scrypt N=2^13, and N*r*p=655,360.
     */
    public boolean isWeak(String hash) {
        return Argon2Hash.parse(hash)
                .map(Argon2Hash::isWeak)
                .or(() -> ForeignHash.parse(hash).map(ForeignHash::isWeak))
                .orElse(false);
    }

    /**
     * Refuses what would find the queue full; asked before anything else of a login is done, it makes refusals cheap.
     *
     * @throws GatehouseException {@code BUSY}
     */
    public void requireQueueCapacity() {
        slots.requireQueueCapacity();
    }

    /** Tells that a request was served that is no login: such as these are left a core when there are many. */
    public void noteOtherWork() {
        slots.noteOtherWork();
    }

    @Override
    public void close() {
        slots.close();
    }

    private boolean verify(String candidate, Optional<StoredPassword> stored) {
        String normal = normal(candidate);
        // Gatehouse hashes the normal form, other services what was typed; each is tried whatever is stored.
        List<String> forms = normal.equals(candidate) ? List.of(normal) : List.of(normal, candidate);
        Optional<ForeignHash> foreign = stored.flatMap(StoredPassword::foreign);
        if (foreign.isPresent()) {
            return padded(forms.size(), () -> foreign.get().matches(candidate));
        }
        Argon2Hash expected = stored.filter(password -> !password.plain())
                .flatMap(hash -> Argon2Hash.parse(hash.text()))
                .orElse(dummyHash);
        if (!dummyHash.costsAtMost(expected)) {
            return padded(forms.size(), () -> isAnyOf(forms, expected));
        }
        boolean derived = isAnyOf(forms, expected);
        boolean same = stored.filter(StoredPassword::plain)
                .map(password -> MessageDigest.isEqual(bytes(normal), bytes(normal(password.text()))))
                .orElse(false);
        return derived || same;
    }

    /**
     * Does a check, and then as much of new hashes as is missing to what they would have taken, so that a cheap hash does
     * not tell by its speed that the user exists. Also after a match: the user may be disabled. It is work and no wait,
     * because other work on the machine slows both down alike.
     *
     * @param hashes how many new hashes the check of an unknown user takes
     */
    private boolean padded(int hashes, BooleanSupplier check) {
        long began = ticker.read();
        boolean matches = check.getAsBoolean();
        long own = ownNanos;
        double missing = own == 0 ? hashes : hashes - (double) (ticker.read() - began) / own;
        for (; missing >= 1; missing--) {
            var unused = timed("", dummyHash);
        }
        dummyHash.scaled(missing).ifPresent(rest -> argon2.derive("", rest));
        return matches;
    }

    /** Tries all, so that the time does not depend on which of them is right. */
    private boolean isAnyOf(List<String> forms, Argon2Hash hash) {
        boolean any = false;
        for (String form : forms) {
            any |= isOf(form, hash);
        }
        return any;
    }

    private boolean isOf(String candidate, Argon2Hash hash) {
        return MessageDigest.isEqual(timed(candidate, hash), hash.hashBytes());
    }

    private byte[] timed(String candidate, Argon2Hash like) {
        long began = ticker.read();
        byte[] derived = argon2.derive(candidate, like);
        if (like.costsAtMost(dummyHash) && dummyHash.costsAtMost(like)) {
            ownNanos = ticker.read() - began;
        }
        return derived;
    }

    /** Encoding replaces half of a surrogate pair by a question mark, which must not match one in the password. */
    private static boolean isUnicode(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The same password typed on two keyboards may differ in its code points (NIST SP 800-63B-4, section 3.1.1.2). */
    private static String normal(String password) {
        return Normalizer.normalize(password, Normalizer.Form.NFKC);
    }
}
