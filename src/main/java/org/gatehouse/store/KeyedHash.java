package org.gatehouse.store;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;

/**
 * Fingerprints of values that must not be stored: HMAC-SHA-256 (RFC 2104) under a key that HKDF (RFC 5869) derives from
 * {@code AUTH_KEY}. Without that key, the values cannot be found by trying.
 */
public final class KeyedHash {
    private static final String HMAC = "HmacSHA256";

    private final List<byte[]> keys;

    /** @param purpose distinguishes the fingerprints of one use from those of another */
    public KeyedHash(AuthKeys authKeys, String purpose) {
        this.keys =
                authKeys.all().stream().map(secret -> derive(secret, purpose)).toList();
    }

    /** The fingerprint of the data, 64 hexadecimal digits. */
    public String of(byte[] data) {
        return of(keys.get(0), data);
    }

    /** Returns the fingerprints under {@code AUTH_KEY} and, if it is set, {@code AUTH_KEY_PREVIOUS}, as bytes. */
    public List<byte[]> ofEachKey(byte[] data) {
        return keys.stream().map(key -> hmac(key, data)).toList();
    }

    /** Whether this is a fingerprint of the data. */
    public boolean matches(byte[] data, String fingerprint) {
        return keys.stream().anyMatch(key -> of(key, data).equals(fingerprint));
    }

    /** The key for one purpose, which says nothing about the secret or the keys for other purposes. */
    public static byte[] derive(Secret secret, String purpose) {
        byte[] salt = "gatehouse".getBytes(StandardCharsets.UTF_8);
        return hkdf(salt, secret.bytes(), ("gatehouse " + purpose).getBytes(StandardCharsets.UTF_8));
    }

    /** HKDF-SHA-256 (RFC 5869, section 2) for 32 bytes, which are one block, so that one round expands it. */
    static byte[] hkdf(byte[] salt, byte[] input, byte[] info) {
        byte[] pseudorandomKey = hmac(salt, input);
        byte[] block = Arrays.copyOf(info, info.length + 1);
        block[info.length] = 1;
        return hmac(pseudorandomKey, block);
    }

    private static byte[] hmac(byte[] key, byte[] input) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(input);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("HMAC-SHA-256 is not available in this Java", impossible);
        }
    }

    private static String of(byte[] key, byte[] data) {
        return HexFormat.of().formatHex(hmac(key, data));
    }
}
