package org.gatehouse.key;

import com.nimbusds.jose.jwk.ECKey;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.config.AuthKeys;

/**
 * Encrypts private keys, so that read access to the store does not reveal the keys. The store contains encrypted JWKs
 * (RFC 7517, section 7); see {@link JweCipher}. A ciphertext is valid only for its signing key.
 */
final class KeyCipher {
    /** The header parameter with the id of the encrypted signing key. */
    private static final String SIGNING_KEY = "signing_kid";

    private final JweCipher cipher;

    KeyCipher(AuthKeys authKeys, SecureRandom random) {
        this.cipher = new JweCipher(authKeys, "signing keys", random);
    }

    /** Returns an id of {@code AUTH_KEY}. The id does not reveal the value of {@code AUTH_KEY}. */
    String currentId() {
        return cipher.currentId();
    }

    /** Encrypts the private key for the store. */
    String encrypt(ECKey key) {
        byte[] jwk = key.toJSONString().getBytes(StandardCharsets.UTF_8);
        return cipher.encrypt(jwk, "jwk+json", owner(key.getKeyID()));
    }

    /**
     * Decrypts the private part of a key. Returns empty if the private part is missing, belongs to another signing key,
     * or was encrypted under an unknown {@code AUTH_KEY}.
     */
    Optional<ECKey> decrypt(StoredKey stored) {
        String text = stored.privateKey();
        return text == null ? Optional.empty() : decrypt(stored.id(), text);
    }

    Optional<ECKey> decrypt(String signingKeyId, String text) {
        return cipher.decrypt(text, owner(signingKeyId))
                .flatMap(KeyCipher::parse)
                .filter(decrypted -> signingKeyId.equals(decrypted.getKeyID()));
    }

    private static Optional<ECKey> parse(byte[] jwk) {
        try {
            return Optional.of(ECKey.parse(new String(jwk, StandardCharsets.UTF_8)));
        } catch (ParseException foreign) {
            return Optional.empty();
        }
    }

    private static Map<String, String> owner(String signingKeyId) {
        return Map.of(SIGNING_KEY, signingKeyId);
    }
}
