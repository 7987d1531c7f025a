package org.gatehouse.factor;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.store.Sha256;

/** Recovery codes of 120 random bits. A slow hash is not needed, because the bits are random. */
final class RecoveryCodes {
    /** The number of codes in a set. */
    static final int COUNT = 10;

    private static final int BYTES = 15;
    private static final int CHARACTERS = 24;
    private static final int GROUP = 6;

    private static final Pattern IGNORED = Pattern.compile("[ -]");

    private RecoveryCodes() {}

    /** Draws a new set of codes, in the form that users see: four groups of six characters. */
    static List<String> draw(SecureRandom random) {
        return Stream.generate(() -> drawOne(random)).limit(COUNT).toList();
    }

    private static String drawOne(SecureRandom random) {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        String code = Base32.CROCKFORD.encode(bytes);
        return Stream.iterate(0, start -> start < CHARACTERS, start -> start + GROUP)
                .map(start -> code.substring(start, start + GROUP))
                .collect(Collectors.joining("-"));
    }

    /** Returns the hashes of codes that {@link #draw} returned. */
    static List<String> hashes(List<String> codes) {
        return codes.stream().map(code -> hash(code).orElseThrow()).toList();
    }

    /**
     * Returns the hash under which a code is stored; empty if the text does not have the form of a code. Case, hyphens
     * and ASCII spaces are ignored; {@code O}, {@code I} and {@code L} count as the digits that they look like.
     *
     * @param typed the text from the client, of any length
     */
    static Optional<String> hash(String typed) {
        String code = IGNORED.matcher(typed).replaceAll("");
        return Optional.of(code)
                .filter(text -> text.length() == CHARACTERS)
                .flatMap(Base32.CROCKFORD::decode)
                .map(bytes -> Sha256.hex(Base32.CROCKFORD.encode(bytes)));
    }
}
