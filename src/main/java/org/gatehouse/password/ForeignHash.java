package org.gatehouse.password;

import java.util.Base64;
import java.util.Optional;

/**
 * A password hash that another service made, of any scheme but Argon2 (for which see {@link Argon2Hash}).
 *
 * <p>Other services hash the bytes of a password as it was typed, in UTF-8, so it is not normalised here.
 */
sealed interface ForeignHash permits BcryptHash, Pbkdf2Hash, ScryptHash {
    /** Hashes are shorter by far; what is longer is not looked at. */
    int MAX_LENGTH = 512;

    int MIN_HASH_BYTES = 16;
    int MAX_HASH_BYTES = 64;
    int MAX_SALT_BYTES = 64;

    /** The hash in a text, whatever it costs; empty when it is of no scheme that is known here. */
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

    /** Whether the costs are below what OWASP's Password Storage Cheat Sheet recommends at least. */
    boolean isWeak();

    /** Whether a match means that the whole password is right. */
    default boolean provesAllOf(String password) {
        return true;
    }

    /** Whether a check stays within some two seconds of a core and 128 MiB, so that one login cannot hold a slot longer. */
    boolean isAffordable();

    /** Whether a check takes several times as long, or as much memory, as one of ours. */
    boolean isDear();

    /** Computes the hash of the password and compares. */
    boolean matches(String password);

    /** Whether salt and hash have lengths that a service would choose. */
    static boolean areUsual(byte[] salt, byte[] hash) {
        return salt.length <= MAX_SALT_BYTES && hash.length >= MIN_HASH_BYTES && hash.length <= MAX_HASH_BYTES;
    }

    /** A salt or hash in Base64 of this many digits at least: without padding as in PHC strings, or padded; see {@link #decode}. */
    static String base64(int least) {
        return "([A-Za-z0-9+/.]{" + least + ",100}={0,2})";
    }

    /** Base64 without padding, as PHC strings have it; passlib writes {@code .} for {@code +}, others pad. */
    static byte[] decode(String base64) {
        return Base64.getDecoder().decode(base64.replace('.', '+'));
    }
}
