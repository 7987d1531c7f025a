package org.gatehouse.password;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A PBKDF2 hash (RFC 8018, section 5.2) over HMAC with SHA-1, SHA-256 or SHA-512.
 *
 * <p>Accepted texts are PHC strings, {@code $pbkdf2-sha256$i=600000,l=32$salt$hash}, and passlib's format,
 * {@code $pbkdf2-sha256$600000$salt$hash}. A text that starts with {@code $pbkdf2$} uses SHA-1.
 *
 * @param salt in Base64, like the hash
 */
record Pbkdf2Hash(Digest digest, int iterations, String salt, String hash) implements ForeignHash {
    private static final Pattern FORMAT = Pattern.compile("\\$pbkdf2(?:-(sha1|sha256|sha512))?"
            + "\\$(?:([1-9]\\d{0,8})|(" + PhcParameters.FORMAT + "))"
            + "\\$" + ForeignHash.base64(1) + "\\$" + ForeignHash.base64(1));

    private static final String ITERATIONS = "i";
    private static final String LENGTH = "l";

    /** The maximum number of iterations of all blocks together, about twice what is recommended today. */
    private static final long MAX_ROUNDS = 2_500_000;

    private static final long EXPENSIVE_ROUNDS = 700_000;

    enum Digest {
        SHA1(20, 1_300_000),
        SHA256(32, 600_000),
        SHA512(64, 210_000);

        private final int bytes;
        private final int minStrongIterations;

        /** @param minStrongIterations the minimum that OWASP recommends */
        Digest(int bytes, int minStrongIterations) {
            this.bytes = bytes;
            this.minStrongIterations = minStrongIterations;
        }
    }

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String digest = parts.group(1);
        String bare = parts.group(2);
        String hash = parts.group(5);
        PhcParameters costs = bare == null
                ? PhcParameters.parse(parts.group(3))
                : PhcParameters.of(ITERATIONS, Integer.parseInt(bare));
        boolean hasLength = costs.haveNames(Set.of(ITERATIONS, LENGTH));
        if (!hasLength && !costs.haveNames(Set.of(ITERATIONS))) {
            return Optional.empty();
        }
        if (hasLength && costs.get(LENGTH) != ForeignHash.decode(hash).length) {
            return Optional.empty();
        }
        return Optional.of(new Pbkdf2Hash(
                digest == null ? Digest.SHA1 : Digest.valueOf(digest.toUpperCase(Locale.ROOT)),
                costs.get(ITERATIONS),
                parts.group(4),
                hash));
    }

    @Override
    public boolean isWeak() {
        return iterations < digest.minStrongIterations;
    }

    @Override
    public boolean isWellFormed() {
        return saltBytes().length > 0 && ForeignHash.areUsual(saltBytes(), hashBytes());
    }

    @Override
    public boolean isAffordable() {
        return rounds() <= MAX_ROUNDS;
    }

    @Override
    public boolean isExpensive() {
        return rounds() > EXPENSIVE_ROUNDS;
    }

    @Override
    public boolean matches(String password) {
        PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), saltBytes(), iterations, hashBytes().length * 8);
        try {
            SecretKeyFactory factory = SecretKeyFactory.getInstance("PBKDF2WithHmac" + digest);
            return MessageDigest.isEqual(factory.generateSecret(spec).getEncoded(), hashBytes());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible); // every JDK supports all three digests
        } finally {
            spec.clearPassword();
        }
    }

    private byte[] saltBytes() {
        return ForeignHash.decode(salt);
    }

    private byte[] hashBytes() {
        return ForeignHash.decode(hash);
    }

    private long rounds() {
        int blocks = (hashBytes().length + digest.bytes - 1) / digest.bytes;
        return (long) iterations * blocks;
    }

    @Override
    public String toString() {
        return "Pbkdf2Hash[REDACTED]";
    }
}
