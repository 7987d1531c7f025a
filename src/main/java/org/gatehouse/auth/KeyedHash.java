package org.gatehouse.auth;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.gatehouse.config.Secret;

/**
 * Fingerprints of what must not be stored, nor be found out from the store by trying: HMAC-SHA-256 (RFC 2104) under a key
 * derived from {@code AUTH_KEY}.
 */
public final class KeyedHash {
    private final byte[] current;
    private final List<byte[]> keys = new ArrayList<>();

    /**
     * Derives the keys.
     *
     * @param previous {@code AUTH_KEY_PREVIOUS}, whose fingerprints match too
     * @param purpose keeps the fingerprints of one use from being those of another
     */
    public KeyedHash(Secret authKey, Optional<Secret> previous, String purpose) {
        this.current = KeyCipher.derive(authKey, purpose);
        keys.add(current);
        previous.ifPresent(secret -> keys.add(KeyCipher.derive(secret, purpose)));
    }

    /** The fingerprint of the data, 64 hexadecimal digits. */
    public String of(byte[] data) {
        return of(current, data);
    }

    /** The fingerprints of the data as bytes: that under {@code AUTH_KEY}, then that under {@code AUTH_KEY_PREVIOUS} if set. */
    public List<byte[]> ofEachKey(byte[] data) {
        return keys.stream().map(key -> KeyCipher.hmac(key, data)).toList();
    }

    /** Whether this is a fingerprint of the data. */
    public boolean matches(byte[] data, String fingerprint) {
        return keys.stream().anyMatch(key -> of(key, data).equals(fingerprint));
    }

    private static String of(byte[] key, byte[] data) {
        return HexFormat.of().formatHex(KeyCipher.hmac(key, data));
    }
}
