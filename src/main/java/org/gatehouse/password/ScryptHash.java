package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.SCrypt;

/**
 * An scrypt hash (RFC 7914) in the PHC string format: {@code $scrypt$ln=15,r=8,p=1$salt$hash}.
 *
 * @param logCost the logarithm of the cost parameter N
 * @param salt in Base64, as is the hash
 */
record ScryptHash(int logCost, int blockSize, int lanes, String salt, String hash) implements ForeignHash {
    private static final Pattern FORMAT =
            Pattern.compile("\\$scrypt\\$ln=([1-9]\\d?),r=([1-9]\\d{0,2}),p=([1-9]\\d{0,2})"
                    + "\\$([A-Za-z0-9+/.]{0,100}={0,2})\\$([A-Za-z0-9+/.]{1,100}={0,2})");

    private static final int MAX_LOG_COST = 30;

    /** In bytes; what is recommended to others today, ln=17 and r=8, is a little less. */
    private static final long MAX_MEMORY = 129L << 20;

    /** In bytes written by all lanes together. */
    private static final long DEAR_MEMORY = 32L << 20;

    /** In bytes written by all lanes together. */
    private static final long MAX_WORK = 4 * MAX_MEMORY;

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        return parts.matches()
                ? Optional.of(new ScryptHash(
                        Integer.parseInt(parts.group(1)),
                        Integer.parseInt(parts.group(2)),
                        Integer.parseInt(parts.group(3)),
                        parts.group(4),
                        parts.group(5)))
                : Optional.empty();
    }

    @Override
    public boolean isWellFormed() {
        return logCost <= MAX_LOG_COST
                && (blockSize > 1 || logCost < 16) // RFC 7914, section 6
                && ForeignHash.areUsual(saltBytes(), hashBytes());
    }

    @Override
    public boolean isAffordable() {
        return memory() <= MAX_MEMORY && memory() * lanes <= MAX_WORK;
    }

    @Override
    public boolean isDear() {
        return memory() * lanes > DEAR_MEMORY;
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
