package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * A bcrypt hash in the modular crypt format; {@code $2a}, {@code $2b} and {@code $2y} are the same for passwords of less
 * than 256 bytes. {@code $2$} (without the NUL at the end of the password) and {@code $2x$} (of an implementation with a
 * defect) are other functions, which no maintained library computes.
 *
 * @param cost the logarithm of the number of rounds
 */
record BcryptHash(String text, int cost) implements ForeignHash {
    private static final Pattern FORMAT = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$([./A-Za-z0-9]{53})");

    private static final Pattern ANY_EDITION = Pattern.compile("\\$2[abxy]?\\$\\d\\d\\$[./A-Za-z0-9]{53}");

    /** Of a password and the NUL at its end; the rest does not count. */
    private static final int MAX_PASSWORD_BYTES = 72;

    private static final int MIN_COST = 4;

    /** The least that OWASP recommends. */
    private static final int MIN_STRONG_COST = 10;

    /** Takes two seconds. */
    private static final int MAX_COST = 15;

    /** Takes a quarter of a second. */
    private static final int DEAR_COST = 12;

    private static final String ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /** The last digit of the salt: of its six bits two count, for the salt has 128 in 22 digits. */
    private static final int LAST_OF_SALT = 21;

    private static final int BITS_OF_SALT = 0b110000;

    /** Likewise that of the hash, which has 184 bits in 31 digits. */
    private static final int LAST_OF_HASH = 52;

    private static final int BITS_OF_HASH = 0b111100;

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        return Optional.of(new BcryptHash(canonical(text, parts.start(2)), Integer.parseInt(parts.group(1))));
    }

    /** Whether a text has the form of a bcrypt hash, also of one that cannot be checked. */
    static boolean isAny(String text) {
        return ANY_EDITION.matcher(text).matches();
    }

    @Override
    public boolean isWellFormed() {
        return cost >= MIN_COST;
    }

    @Override
    public boolean isWeak() {
        return cost < MIN_STRONG_COST;
    }

    /** With 72 bytes the NUL does not count any more, so a longer password that begins with them has the same hash. */
    @Override
    public boolean provesAllOf(String password) {
        return password.getBytes(StandardCharsets.UTF_8).length < MAX_PASSWORD_BYTES;
    }

    @Override
    public boolean isAffordable() {
        return cost <= MAX_COST;
    }

    @Override
    public boolean isDear() {
        return cost > DEAR_COST;
    }

    /** The bytes after the 72nd do not count, as in every bcrypt. */
    @Override
    public boolean matches(String password) {
        return OpenBSDBCrypt.checkPassword(text, password.getBytes(StandardCharsets.UTF_8));
    }

    /** Some services write bits that do not count, and here the texts are compared. */
    private static String canonical(String text, int digits) {
        StringBuilder canonical = new StringBuilder(text);
        clear(canonical, digits + LAST_OF_SALT, BITS_OF_SALT);
        clear(canonical, digits + LAST_OF_HASH, BITS_OF_HASH);
        return canonical.toString();
    }

    private static void clear(StringBuilder text, int at, int bits) {
        text.setCharAt(at, ALPHABET.charAt(ALPHABET.indexOf(text.charAt(at)) & bits));
    }

    @Override
    public String toString() {
        return "BcryptHash[REDACTED]";
    }
}
