package org.gatehouse.password;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;

/**
 * A bcrypt hash in the modular crypt format; {@code $2a}, {@code $2b} and {@code $2y} are the same for passwords of less
 * than 256 bytes.
 *
 * @param cost the logarithm of the number of rounds
 */
record BcryptHash(String text, int cost) implements ForeignHash {
    private static final Pattern FORMAT = Pattern.compile("\\$2[aby]?\\$(\\d\\d)\\$[./A-Za-z0-9]{53}");

    private static final int MIN_COST = 4;

    /** Takes two seconds. */
    private static final int MAX_COST = 15;

    static Optional<ForeignHash> parse(String text) {
        Matcher parts = FORMAT.matcher(text);
        return parts.matches() ? Optional.of(new BcryptHash(text, Integer.parseInt(parts.group(1)))) : Optional.empty();
    }

    @Override
    public boolean isWellFormed() {
        return cost >= MIN_COST;
    }

    @Override
    public boolean isAffordable() {
        return cost <= MAX_COST;
    }

    /** The bytes after the 72nd do not count, as in every bcrypt. */
    @Override
    public boolean matches(String password) {
        return OpenBSDBCrypt.checkPassword(text, password.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "BcryptHash[REDACTED]";
    }
}
