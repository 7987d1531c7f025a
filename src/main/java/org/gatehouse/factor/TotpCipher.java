package org.gatehouse.factor;

import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.JweCipher;

/**
 * Encrypts the secrets of TOTP devices, so that read access to the store does not reveal them. A ciphertext is valid
 * only for its user and its device; see {@link JweCipher}.
 */
public final class TotpCipher {
    private static final String CONTENT_TYPE = "octet-stream";

    private final JweCipher cipher;

    public TotpCipher(AuthKeys authKeys, SecureRandom random) {
        this.cipher = new JweCipher(authKeys, "totp secrets", random);
    }

    /** Encrypts a secret for the store. */
    public String encrypt(UserId user, String factorId, byte[] secret) {
        return cipher.encrypt(secret, CONTENT_TYPE, owner(user, factorId));
    }

    /**
     * Decrypts a secret. Returns empty if the text belongs to another user or device, was altered, or was encrypted
     * under an unknown {@code AUTH_KEY}.
     */
    public Optional<byte[]> decrypt(UserId user, String factorId, String text) {
        return cipher.decrypt(text, owner(user, factorId));
    }

    /** Returns whether a secret was encrypted under {@code AUTH_KEY}, not {@code AUTH_KEY_PREVIOUS}. */
    boolean isCurrent(String text) {
        return cipher.isCurrent(text);
    }

    /**
     * Encrypts a secret under {@code AUTH_KEY} that is still encrypted under {@code AUTH_KEY_PREVIOUS}; empty for every
     * other secret.
     */
    Optional<String> renewed(UserId user, String factorId, String text) {
        return isCurrent(text) ? Optional.empty() : reencrypt(user, factorId, text);
    }

    /** Encrypts a secret under {@code AUTH_KEY}; empty if it cannot be decrypted. */
    Optional<String> reencrypt(UserId user, String factorId, String text) {
        return decrypt(user, factorId, text).map(secret -> encrypt(user, factorId, secret));
    }

    private static Map<String, String> owner(UserId user, String factorId) {
        return Map.of("user", user.hex(), "factor", factorId);
    }
}
