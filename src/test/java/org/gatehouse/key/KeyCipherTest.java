package org.gatehouse.key;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.security.SecureRandom;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.junit.jupiter.api.Test;

class KeyCipherTest {
    private static final Secret AUTH_KEY = new Secret("one key for tests, longer than 32 bytes");
    private static final Secret OTHER_AUTH_KEY = new Secret("another key for tests, longer than 32 bytes");

    private final SecureRandom random = new SecureRandom();

    @Test
    void decryptsKeysThatItEncrypted() throws JOSEException {
        ECKey key = key();
        KeyCipher cipher = new KeyCipher(new AuthKeys(AUTH_KEY, null), random);

        String text = cipher.encrypt(key);

        assertThat(cipher.decrypt(key.getKeyID(), text)).contains(key);
        assertThat(text).isNotEqualTo(cipher.encrypt(key));
    }

    @Test
    void decryptsKeysEncryptedWithThePreviousAuthKey() throws JOSEException {
        ECKey key = key();
        String text = new KeyCipher(new AuthKeys(AUTH_KEY, null), random).encrypt(key);

        assertThat(new KeyCipher(new AuthKeys(OTHER_AUTH_KEY, AUTH_KEY), random).decrypt(key.getKeyID(), text))
                .contains(key);
        assertThat(new KeyCipher(new AuthKeys(OTHER_AUTH_KEY, null), random).decrypt(key.getKeyID(), text))
                .isEmpty();
    }

    @Test
    void rejectsACiphertextStoredForAnotherKey() throws JOSEException {
        KeyCipher cipher = new KeyCipher(new AuthKeys(AUTH_KEY, null), random);

        assertThat(cipher.decrypt(key().getKeyID(), cipher.encrypt(key()))).isEmpty();
    }

    @Test
    void rejectsAnAlteredCiphertext() throws JOSEException {
        ECKey key = key();
        KeyCipher cipher = new KeyCipher(new AuthKeys(AUTH_KEY, null), random);
        String[] parts = cipher.encrypt(key).split("\\.", -1);
        char first = parts[3].charAt(0) == 'A' ? 'B' : 'A';
        parts[3] = first + parts[3].substring(1);

        assertThat(cipher.decrypt(key.getKeyID(), String.join(".", parts))).isEmpty();
        assertThat(cipher.decrypt(key.getKeyID(), "junk")).isEmpty();
    }

    private static ECKey key() throws JOSEException {
        return new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
    }
}
