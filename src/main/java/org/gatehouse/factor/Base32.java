package org.gatehouse.factor;

import java.util.Arrays;
import java.util.Optional;

/** Encodes bytes with an alphabet of 32 characters. The number of bytes must be a multiple of 5, so nothing is padded. */
final class Base32 {
    /** The alphabet of RFC 4648, section 6, which authenticator apps expect. */
    static final Base32 STANDARD = new Base32("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "");

    /** The alphabet of Crockford, in which no two characters look alike. */
    static final Base32 CROCKFORD = new Base32("0123456789ABCDEFGHJKMNPQRSTVWXYZ", "O0I1L1");

    private static final int GROUP_BYTES = 5;
    private static final int GROUP_CHARACTERS = 8;
    private static final int BITS = 5;
    private static final int MASK = 31;
    private static final int BYTE_BITS = 8;
    private static final int ASCII = 128;

    private final String alphabet;
    private final int[] values = new int[ASCII];

    /** @param aliases pairs of a character and the character of the alphabet that it means */
    private Base32(String alphabet, String aliases) {
        this.alphabet = alphabet;
        Arrays.fill(values, -1);
        for (int value = 0; value < alphabet.length(); value++) {
            define(alphabet.charAt(value), value);
        }
        for (int i = 0; i < aliases.length(); i += 2) {
            define(aliases.charAt(i), alphabet.indexOf(aliases.charAt(i + 1)));
        }
    }

    private void define(char character, int value) {
        values[character] = value;
        values[Character.toLowerCase(character)] = value;
    }

    String encode(byte[] bytes) {
        if (bytes.length % GROUP_BYTES != 0) {
            throw new IllegalArgumentException("The length is not a multiple of " + GROUP_BYTES);
        }
        StringBuilder text = new StringBuilder(bytes.length * GROUP_CHARACTERS / GROUP_BYTES);
        long bits = 0;
        int count = 0;
        for (byte next : bytes) {
            bits = (bits << BYTE_BITS) | (next & 0xFF);
            count += BYTE_BITS;
            while (count >= BITS) {
                count -= BITS;
                text.append(alphabet.charAt((int) (bits >>> count) & MASK));
            }
        }
        return text.toString();
    }

    /** Decodes a text in upper or lower case; empty if its length or a character does not fit. */
    Optional<byte[]> decode(String text) {
        if (text.length() % GROUP_CHARACTERS != 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[text.length() / GROUP_CHARACTERS * GROUP_BYTES];
        long bits = 0;
        int count = 0;
        int filled = 0;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            int value = character < ASCII ? values[character] : -1;
            if (value < 0) {
                return Optional.empty();
            }
            bits = (bits << BITS) | value;
            count += BITS;
            if (count >= BYTE_BITS) {
                count -= BYTE_BITS;
                bytes[filled++] = (byte) (bits >>> count);
            }
        }
        return Optional.of(bytes);
    }
}
