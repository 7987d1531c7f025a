package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * A bcrypt hash in the modular crypt format. {@code $2a}, {@code $2b} and {@code $2y} are equivalent for passwords of
 * less than 256 bytes.
 *
 * <p>Two other versions are not supported, because maintained libraries do not compute them. {@code $2$} omits the NUL
 * at the end of the password, and {@code $2x$} comes from a defective implementation.
 *
 * @param cost the base-2 logarithm of the number of rounds
 */
record BcryptHash(String text, int cost) implements ForeignHash {
    private static final Pattern FORMAT = Pattern.compile("\\$2[aby]\\$(\\d\\d)\\$([./A-Za-z0-9]{53})");

    private static final Pattern ANY_EDITION = Pattern.compile("\\$2[abxy]?\\$\\d\\d\\$[./A-Za-z0-9]{53}");

    /** bcrypt appends a NUL to the password, uses this many bytes of the result, and ignores the rest. */
    private static final int MAX_PASSWORD_BYTES = 72;

    private static final int MIN_COST = 4;

    /** The minimum that OWASP recommends. */
    private static final int MIN_STRONG_COST = 10;

    /** A check with this cost takes two seconds. */
    private static final int MAX_COST = 15;

    /** A check with this cost takes a quarter of a second. */
    private static final int EXPENSIVE_COST = 12;

    private static final String ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /** The index of the salt's last digit, of which two of six bits are used, because the salt has 128 bits. */
    private static final int LAST_OF_SALT = 21;

    private static final int BITS_OF_SALT = 0b110000;

    /** The index of the hash's last digit, of which four of six bits are used, because the hash has 184 bits. */
    private static final int LAST_OF_HASH = 52;

    private static final int BITS_OF_HASH = 0b111100;

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        return Optional.of(new BcryptHash(canonical(text, parts.start(2)), Integer.parseInt(parts.group(1))));
    }

    /** Whether a text has the format of a bcrypt hash, even of a version that cannot be checked. */
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

    /** Returns false for 72 bytes or more, because all passwords that start with the same 72 bytes match. */
    @Override
    public boolean provesAllOf(String password) {
        return password.getBytes(StandardCharsets.UTF_8).length < MAX_PASSWORD_BYTES;
    }

    @Override
    public boolean isAffordable() {
        return cost <= MAX_COST;
    }

    @Override
    public boolean isExpensive() {
        return cost > EXPENSIVE_COST;
    }

    /** Ignores the bytes after the 72nd, as every bcrypt implementation does. */
    @Override
    public boolean matches(String password) {
        return OpenBSDBCrypt.checkPassword(text, password.getBytes(StandardCharsets.UTF_8));
    }

    /** Clears unused bits, because some services set them and the check compares hashes as text. */
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
