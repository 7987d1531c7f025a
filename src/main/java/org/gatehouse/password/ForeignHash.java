package org.gatehouse.password;

import java.util.Base64;
import java.util.Optional;

/**
 * A password hash that another service computed with a scheme other than Argon2 (see {@link Argon2Hash}).
 *
 * <p>Passwords are not normalized here, because other services hash the UTF-8 bytes of the text that the user typed.
 */
sealed interface ForeignHash permits BcryptHash, Pbkdf2Hash, ScryptHash {
    /** The maximum number of characters. Longer texts are not parsed, because all supported hashes are much shorter. */
    int MAX_LENGTH = 512;

    int MIN_HASH_BYTES = 16;
    int MAX_HASH_BYTES = 64;
    int MAX_SALT_BYTES = 64;

    /** Parses a hash of any cost; returns empty if its scheme is not supported. */
    static Optional<ForeignHash> parse(String text) {
        if (text.length() > MAX_LENGTH) {
            return Optional.empty();
        }
        try {
            return BcryptHash.parse(text)
                    .or(() -> Pbkdf2Hash.parse(text))
                    .or(() -> ScryptHash.parse(text))
                    .filter(ForeignHash::isWellFormed);
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    boolean isWellFormed();

    /** Whether the costs are below the minimum in OWASP's Password Storage Cheat Sheet. */
    boolean isWeak();

    /** Whether a match proves that the whole password is correct. */
    default boolean provesAllOf(String password) {
        return true;
    }

    /** Whether a check takes at most about two seconds of a core and 128 MiB. Other logins wait for it. */
    boolean isAffordable();

    /** Whether a check takes several times as much time or memory as a check of Gatehouse's own hashes. */
    boolean isExpensive();

    /** Computes the hash of the password and compares it with this hash. */
    boolean matches(String password);

    /** Whether the lengths of the salt and the hash are within the bounds. */
    static boolean areUsual(byte[] salt, byte[] hash) {
        return salt.length <= MAX_SALT_BYTES && hash.length >= MIN_HASH_BYTES && hash.length <= MAX_HASH_BYTES;
    }

    /** Returns a pattern for Base64 of at least this many digits, with or without padding; see {@link #decode}. */
    static String base64(int least) {
        return "([A-Za-z0-9+/.]{" + least + ",100}={0,2})";
    }

    /** Decodes Base64 with or without padding. Accepts {@code .} for {@code +}, because passlib writes {@code .}. */
    static byte[] decode(String base64) {
        return Base64.getDecoder().decode(base64.replace('.', '+'));
    }
}
