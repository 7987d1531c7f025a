package org.gatehouse.service;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.gatehouse.store.Sha256;

/**
 * A secret of a service: {@code gh_}, 256 random bits, and the CRC-32 of the text before it, both in base62.
 *
 * <p>The prefix and the checksum let programs that search source code for secrets recognize the text without a request.
 * The checksum also rejects a mistyped secret without a read of the store.
 */
record ServiceSecret(String text) {
    private static final String PREFIX = "gh_";
    private static final int BITS = 256;
    /** The number of base62 digits for 256 bits. */
    private static final int DIGITS = 43;
    /** The number of base62 digits for 32 bits. */
    private static final int CHECKSUM_DIGITS = 6;

    private static final String BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final BigInteger BASE = BigInteger.valueOf(BASE62.length());
    private static final Pattern FORMAT = Pattern.compile(PREFIX + "[0-9A-Za-z]{" + (DIGITS + CHECKSUM_DIGITS) + "}");

    static ServiceSecret draw(SecureRandom random) {
        String begin = PREFIX + base62(new BigInteger(BITS, random), DIGITS);
        return new ServiceSecret(begin + checksum(begin));
    }

    /** Parses a client's text; returns empty if the format or the checksum is wrong. */
    static Optional<ServiceSecret> parse(String text) {
        if (!FORMAT.matcher(text).matches()) {
            return Optional.empty();
        }
        int end = text.length() - CHECKSUM_DIGITS;
        return text.substring(end).equals(checksum(text.substring(0, end)))
                ? Optional.of(new ServiceSecret(text))
                : Optional.empty();
    }

    /**
     * Returns the stored form. A fast hash is enough, because 256 random bits cannot be guessed, unlike a password.
     */
    byte[] hash() {
        return Sha256.of(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String checksum(String begin) {
        CRC32 crc = new CRC32();
        crc.update(begin.getBytes(StandardCharsets.US_ASCII));
        return base62(BigInteger.valueOf(crc.getValue()), CHECKSUM_DIGITS);
    }

    private static String base62(BigInteger number, int digits) {
        StringBuilder reversed = new StringBuilder();
        BigInteger rest = number;
        while (reversed.length() < digits) {
            BigInteger[] divided = rest.divideAndRemainder(BASE);
            reversed.append(BASE62.charAt(divided[1].intValue()));
            rest = divided[0];
        }
        return reversed.reverse().toString();
    }

    @Override
    public String toString() {
        return "ServiceSecret";
    }
}
