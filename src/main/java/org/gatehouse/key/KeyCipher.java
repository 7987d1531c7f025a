package org.gatehouse.key;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.DirectDecrypter;
import com.nimbusds.jose.crypto.DirectEncrypter;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.Base64URL;
import java.security.SecureRandom;
import java.text.ParseException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.store.KeyedHash;

/**
 * Encrypts private keys, so that read access to the store does not reveal the keys. The store contains JWKs that are
 * encrypted with AES-256-GCM (RFC 7517, section 7). HKDF (RFC 5869) derives the encryption key from {@code AUTH_KEY}.
 *
 * <p>The id of the signing key is in the authenticated header, so a ciphertext is valid only for this signing key.
 * Private keys that were encrypted under {@code AUTH_KEY_PREVIOUS} can still be decrypted.
 */
final class KeyCipher {
    private static final int ID_BYTES = 9;

    /** The header parameter with the id of the encrypted signing key. */
    private static final String SIGNING_KEY = "signing_kid";

    private final String current;
    private final Map<String, SecretKey> keys = new HashMap<>();
    private final SecureRandom random;

    KeyCipher(AuthKeys authKeys, SecureRandom random) {
        this.current = idOf(authKeys.current());
        this.random = random;
        authKeys.all().forEach(secret -> keys.put(idOf(secret), encryptionKey(secret)));
    }

    /** Returns an id of {@code AUTH_KEY}. The id does not reveal the value of {@code AUTH_KEY}. */
    String currentId() {
        return current;
    }

    /** Encrypts the private key for the store. */
    String encrypt(ECKey key) {
        JWEHeader header = new JWEHeader.Builder(JWEAlgorithm.DIR, EncryptionMethod.A256GCM)
                .contentType("jwk+json")
                .keyID(current)
                .customParam(SIGNING_KEY, key.getKeyID())
                .build();
        JWEObject encrypted = new JWEObject(header, new Payload(key.toJSONObject()));
        try {
            DirectEncrypter encrypter = new DirectEncrypter(keys.get(current));
            encrypter.getJCAContext().setSecureRandom(random);
            encrypted.encrypt(encrypter);
        } catch (JOSEException impossible) {
            throw new IllegalStateException("AES-256-GCM is not available in this Java", impossible);
        }
        return encrypted.serialize();
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
        try {
            JWEObject encrypted = JWEObject.parse(text);
            JWEHeader header = encrypted.getHeader();
            SecretKey key = keys.get(header.getKeyID());
            if (key == null
                    || !JWEAlgorithm.DIR.equals(header.getAlgorithm())
                    || !EncryptionMethod.A256GCM.equals(header.getEncryptionMethod())
                    || !signingKeyId.equals(header.getCustomParam(SIGNING_KEY))) {
                return Optional.empty();
            }
            encrypted.decrypt(new DirectDecrypter(key));
            return Optional.of(ECKey.parse(encrypted.getPayload().toJSONObject()))
                    .filter(decrypted -> signingKeyId.equals(decrypted.getKeyID()));
        } catch (ParseException | JOSEException foreign) {
            return Optional.empty();
        }
    }

    private static SecretKey encryptionKey(Secret secret) {
        return new SecretKeySpec(KeyedHash.derive(secret, "signing keys"), "AES");
    }

    private static String idOf(Secret secret) {
        return Base64URL.encode(Arrays.copyOf(KeyedHash.derive(secret, "id"), ID_BYTES))
                .toString();
    }
}
