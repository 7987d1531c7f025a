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
 * Computes fingerprints of values that must not be stored: HMAC-SHA-256 (RFC 2104) under a key that HKDF (RFC 5869)
 * derives from {@code AUTH_KEY}. Without this key, an attacker cannot check guesses of a value.
 */
public final class KeyedHash {
    private static final String HMAC = "HmacSHA256";

    private final List<byte[]> keys;

    /** @param purpose the use of the fingerprints; each purpose has a different key */
    public KeyedHash(AuthKeys authKeys, String purpose) {
        this.keys =
                authKeys.all().stream().map(secret -> derive(secret, purpose)).toList();
    }

    /** Returns the fingerprint of the data as 64 hexadecimal digits. */
    public String of(byte[] data) {
        return of(keys.get(0), data);
    }

    /** Returns the fingerprints as bytes: under {@code AUTH_KEY}, then under {@code AUTH_KEY_PREVIOUS} if it is set. */
    public List<byte[]> ofEachKey(byte[] data) {
        return keys.stream().map(key -> hmac(key, data)).toList();
    }

    /** Returns whether this is a fingerprint of the data under any of the keys. */
    public boolean matches(byte[] data, String fingerprint) {
        return keys.stream().anyMatch(key -> of(key, data).equals(fingerprint));
    }

    /** Derives the key for one purpose. The key does not reveal the secret or the keys for other purposes. */
    public static byte[] derive(Secret secret, String purpose) {
        byte[] salt = "gatehouse".getBytes(StandardCharsets.UTF_8);
        return hkdf(salt, secret.bytes(), ("gatehouse " + purpose).getBytes(StandardCharsets.UTF_8));
    }

    /** Derives 32 bytes with HKDF-SHA-256 (RFC 5869, section 2). One round of expansion returns 32 bytes. */
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
