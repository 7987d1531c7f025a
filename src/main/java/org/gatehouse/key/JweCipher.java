package org.gatehouse.key;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.DirectDecrypter;
import com.nimbusds.jose.crypto.DirectEncrypter;
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
 * Encrypts values for the store as JWEs with AES-256-GCM (RFC 7516, {@code dir} and {@code A256GCM}), so that read
 * access to the store does not reveal them. HKDF (RFC 5869) derives the encryption key from {@code AUTH_KEY}.
 *
 * <p>The owner of a value is in the authenticated header, so a ciphertext is valid only for this owner. Values that
 * were encrypted under {@code AUTH_KEY_PREVIOUS} can still be decrypted.
 */
public final class JweCipher {
    private static final int ID_BYTES = 9;

    private final String current;
    private final Map<String, SecretKey> keys = new HashMap<>();
    private final SecureRandom random;

    /** @param purpose the kind of the values; each purpose has a different encryption key */
    public JweCipher(AuthKeys authKeys, String purpose, SecureRandom random) {
        this.current = idOf(authKeys.current());
        this.random = random;
        authKeys.all()
                .forEach(secret -> keys.put(idOf(secret), new SecretKeySpec(KeyedHash.derive(secret, purpose), "AES")));
    }

    /** Returns an id of {@code AUTH_KEY}. The id does not reveal the value of {@code AUTH_KEY}. */
    public String currentId() {
        return current;
    }

    /**
     * Encrypts a value.
     *
     * @param contentType the {@code cty} of the header
     * @param owner the header parameters that name the owner
     * @return a JWE in the compact serialization
     */
    public String encrypt(byte[] value, String contentType, Map<String, String> owner) {
        JWEHeader.Builder header = new JWEHeader.Builder(JWEAlgorithm.DIR, EncryptionMethod.A256GCM)
                .contentType(contentType)
                .keyID(current);
        owner.forEach(header::customParam);
        JWEObject encrypted = new JWEObject(header.build(), new Payload(value));
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
     * Decrypts a value. Returns empty if the text is not a JWE of this class, belongs to another owner, was altered, or
     * was encrypted under an unknown {@code AUTH_KEY}.
     */
    public Optional<byte[]> decrypt(String text, Map<String, String> owner) {
        try {
            JWEObject encrypted = JWEObject.parse(text);
            JWEHeader header = encrypted.getHeader();
            SecretKey key = keys.get(header.getKeyID());
            if (key == null
                    || !JWEAlgorithm.DIR.equals(header.getAlgorithm())
                    || !EncryptionMethod.A256GCM.equals(header.getEncryptionMethod())
                    || !owner.equals(header.getCustomParams())) {
                return Optional.empty();
            }
            encrypted.decrypt(new DirectDecrypter(key));
            return Optional.of(encrypted.getPayload().toBytes());
        } catch (ParseException | JOSEException foreign) {
            return Optional.empty();
        }
    }

    /** Returns whether a value was encrypted under {@code AUTH_KEY}, not {@code AUTH_KEY_PREVIOUS}. */
    public boolean isCurrent(String text) {
        try {
            return current.equals(JWEObject.parse(text).getHeader().getKeyID());
        } catch (ParseException foreign) {
            return false;
        }
    }

    private static String idOf(Secret secret) {
        return Base64URL.encode(Arrays.copyOf(KeyedHash.derive(secret, "id"), ID_BYTES))
                .toString();
    }
}
