package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.SCrypt;

/**
 * An scrypt hash (RFC 7914) in the PHC string format: {@code $scrypt$ln=15,r=8,p=1$salt$hash}.
 *
 * @param logCost the base-2 logarithm of the cost parameter N
 * @param lanes the parallelization parameter p
 * @param salt in Base64, like the hash
 */
record ScryptHash(int logCost, int blockSize, int lanes, String salt, String hash) implements ForeignHash {
    private static final Pattern FORMAT = Pattern.compile(
            "\\$scrypt\\$(" + PhcParameters.FORMAT + ")\\$" + ForeignHash.base64(0) + "\\$" + ForeignHash.base64(1));

    private static final Set<String> COSTS = Set.of("ln", "r", "p");

    private static final int MAX_LOG_COST = 30;
    private static final int MAX_FACTOR = 999;

    /** The product of N, r and p, in the cheapest combination that OWASP recommends: N=2^13, r=8, p=10. */
    private static final long MIN_STRONG_WORK = 655_360;

    private static final int MIN_STRONG_LOG_COST = 13;

    /** The maximum memory in bytes. The parameters that are recommended today, ln=17 and r=8, need slightly less. */
    private static final long MAX_MEMORY = 129L << 20;

    /** A check that writes more bytes than this, in all lanes together, counts as expensive. */
    private static final long EXPENSIVE_MEMORY = 32L << 20;

    /** The maximum number of bytes that a check may write in all lanes together. */
    private static final long MAX_WORK = 4 * MAX_MEMORY;

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        PhcParameters costs = PhcParameters.parse(parts.group(1));
        return costs.haveNames(COSTS)
                ? Optional.of(
                        new ScryptHash(costs.get("ln"), costs.get("r"), costs.get("p"), parts.group(2), parts.group(3)))
                : Optional.empty();
    }

    @Override
    public boolean isWellFormed() {
        return logCost <= MAX_LOG_COST
                && blockSize <= MAX_FACTOR
                && lanes <= MAX_FACTOR
                && (blockSize > 1 || logCost < 16) // RFC 7914, section 6
                && ForeignHash.areUsual(saltBytes(), hashBytes());
    }

    @Override
    public boolean isWeak() {
        return logCost < MIN_STRONG_LOG_COST || (1L << logCost) * blockSize * lanes < MIN_STRONG_WORK;
    }

    @Override
    public boolean isAffordable() {
        return memory() <= MAX_MEMORY && memory() * lanes <= MAX_WORK;
    }

    @Override
    public boolean isExpensive() {
        return memory() * lanes > EXPENSIVE_MEMORY;
    }

    @Override
    public boolean matches(String password) {
        byte[] expected = hashBytes();
        byte[] derived = SCrypt.generate(
                password.getBytes(StandardCharsets.UTF_8),
                saltBytes(),
                1 << logCost,
                blockSize,
                lanes,
                expected.length);
        return MessageDigest.isEqual(derived, expected);
    }

    private long memory() {
        return 128L * blockSize * ((1L << logCost) + lanes);
    }

    private byte[] saltBytes() {
        return ForeignHash.decode(salt);
    }

    private byte[] hashBytes() {
        return ForeignHash.decode(hash);
    }

    @Override
    public String toString() {
        return "ScryptHash[REDACTED]";
    }
}
