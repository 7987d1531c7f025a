package org.gatehouse.password;

import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * An Argon2 hash with the salt and costs that are needed to check a password. It is stored as a PHC string.
 *
 * @param version 16 or 19, the only versions of Argon2
 * @param memoryKib at most {@link #MAX_MEMORY_KIB}, so that a stored text cannot exhaust the memory
 * @param lanes the degree of parallelism, {@code p} in the PHC string
 * @param salt in Base64 without padding, like the hash
 */
record Argon2Hash(Type type, int version, int memoryKib, int iterations, int lanes, String salt, String hash) {
    private static final int MAX_MEMORY_KIB = 1_048_576;
    private static final int MAX_ITERATIONS = 20;
    private static final int MAX_LANES = 16;

    /** The minimum of RFC 9106, section 3.1. */
    private static final int MIN_MEMORY_KIB_PER_LANE = 8;

    /** The maximum memory of a hash from another service, which with {@link #MAX_FOREIGN_WORK} takes two seconds. */
    private static final int MAX_FOREIGN_MEMORY_KIB = 262_144;

    private static final long MAX_FOREIGN_WORK = 1_048_576;

    private static final int EXPENSIVE_FACTOR = 4;

    private static final int MIN_SALT_BYTES = 8;
    private static final int MIN_HASH_BYTES = 16;

    /** The product of KiB and passes in the cheapest combination that OWASP recommends: 7 MiB and 5 passes. */
    private static final long MIN_STRONG_WORK = 35_840;

    private static final int MIN_STRONG_MEMORY_KIB = 7_168;

    private static final Set<String> COSTS = Set.of("m", "t", "p");

    private static final Pattern PHC = Pattern.compile("\\$(argon2(?:id|i|d))(?:\\$v=(16|19))?\\$("
            + PhcParameters.FORMAT + ")\\$" + ForeignHash.base64(1) + "\\$" + ForeignHash.base64(1));

    /** The variants of RFC 9106, section 1. New hashes use only Argon2id. */
    enum Type {
        ARGON2ID(Argon2Parameters.ARGON2_id),
        ARGON2I(Argon2Parameters.ARGON2_i),
        ARGON2D(Argon2Parameters.ARGON2_d);

        private final int code;

        Type(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /** Creates an Argon2id hash. It has one lane, because each core hashes one password at a time. */
    static Argon2Hash of(int memoryKib, int iterations, byte[] salt, byte[] hash) {
        return new Argon2Hash(Type.ARGON2ID, Argon2Parameters.ARGON2_VERSION_13, memoryKib, iterations, 1, "", "")
                .with(salt, hash);
    }

    /** Parses a stored text; returns empty if it is not an Argon2 hash, or if its costs are out of bounds. */
    static Optional<Argon2Hash> parse(String phc) {
        Matcher parts = PHC.matcher(phc);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String version = parts.group(2);
        try {
            PhcParameters costs = PhcParameters.parse(parts.group(3));
            if (!costs.haveNames(COSTS)) {
                return Optional.empty();
            }
            Argon2Hash parsed = new Argon2Hash(
                            Type.valueOf(parts.group(1).toUpperCase(Locale.ROOT)),
                            version == null ? Argon2Parameters.ARGON2_VERSION_10 : Integer.parseInt(version),
                            costs.get("m"),
                            costs.get("t"),
                            costs.get("p"),
                            "",
                            "")
                    .with(ForeignHash.decode(parts.group(4)), ForeignHash.decode(parts.group(5)));
            return parsed.isWithinBounds() ? Optional.of(parsed) : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    /** Returns the PHC string. */
    String encode() {
        return "$" + type.name().toLowerCase(Locale.ROOT) + "$v=" + version + "$m=" + memoryKib + ",t=" + iterations
                + ",p=" + lanes + "$" + salt + "$" + hash;
    }

    /** Returns a copy with this salt and this hash. */
    Argon2Hash with(byte[] newSalt, byte[] newHash) {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return new Argon2Hash(
                type,
                version,
                memoryKib,
                iterations,
                lanes,
                base64.encodeToString(newSalt),
                base64.encodeToString(newHash));
    }

    byte[] saltBytes() {
        return Base64.getDecoder().decode(salt);
    }

    byte[] hashBytes() {
        return Base64.getDecoder().decode(hash);
    }

    /**
     * Whether the types differ, or this hash has an older version or a lower cost per guess than the other hash. The
     * cost of a guess is the product of memory and passes, because each pass fills the memory once.
     */
    boolean isWeakerThan(Argon2Hash other) {
        return type != other.type || version < other.version || work() < other.work();
    }

    /** Whether a login may check this hash. The costs that another service chose may be too high. */
    boolean isAffordable() {
        return memoryKib <= MAX_FOREIGN_MEMORY_KIB && work() <= MAX_FOREIGN_WORK;
    }

    /** Whether the costs are below the minimum in OWASP's Password Storage Cheat Sheet. */
    boolean isWeak() {
        return memoryKib < MIN_STRONG_MEMORY_KIB || work() < MIN_STRONG_WORK;
    }

    /** Returns a copy that needs this share of memory and time; empty if the memory falls below the minimum. */
    Optional<Argon2Hash> scaled(double share) {
        int scaled = (int) (memoryKib * share);
        return scaled >= MIN_MEMORY_KIB_PER_LANE * lanes
                ? Optional.of(new Argon2Hash(type, version, scaled, iterations, lanes, salt, hash))
                : Optional.empty();
    }

    /** Whether a check takes several times as long, or several times as much memory, as a check of the usual hash. */
    boolean isExpensiveBeside(Argon2Hash usual) {
        return memoryKib > EXPENSIVE_FACTOR * usual.memoryKib || work() > EXPENSIVE_FACTOR * usual.work();
    }

    boolean costsAtMost(Argon2Hash other) {
        return memoryKib <= other.memoryKib && work() <= other.work();
    }

    private long work() {
        return (long) memoryKib * iterations;
    }

    private boolean isWithinBounds() {
        return memoryKib <= MAX_MEMORY_KIB
                && memoryKib >= MIN_MEMORY_KIB_PER_LANE * lanes
                && iterations <= MAX_ITERATIONS
                && lanes <= MAX_LANES
                && saltBytes().length >= MIN_SALT_BYTES
                && hashBytes().length >= MIN_HASH_BYTES;
    }
}
