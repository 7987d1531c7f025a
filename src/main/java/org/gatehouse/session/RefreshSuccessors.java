package org.gatehouse.session;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.store.KeyedHash;
import org.jspecify.annotations.Nullable;

/**
 * Derives the successor of a refresh token: HMAC-SHA-256 (RFC 2104) of the token under a key derived from
 * {@code AUTH_KEY}.
 *
 * <p>All nodes derive the same successor. Concurrent requests with one token therefore receive the same successor,
 * although the store contains only hashes. Clients cannot derive a successor, because they do not have the key.
 *
 * <p>While {@code AUTH_KEY} is being changed, a node may have only the key that another node has as
 * {@code AUTH_KEY_PREVIOUS}. A node with two keys therefore stores a mask next to the successor's hash. A node with
 * only the previous key computes the successor from the mask and the token that the client sent.
 */
final class RefreshSuccessors {
    private final KeyedHash secrets;
    private final KeyedHash masks;

    /**
     * @param authKeys the current and the previous key; successors that were derived under the previous key are also
     *     found
     */
    RefreshSuccessors(AuthKeys authKeys) {
        this.secrets = new KeyedHash(authKeys, "refresh tokens");
        this.masks = new KeyedHash(authKeys, "refresh token masks");
    }

    /**
     * A new refresh token for the client.
     *
     * @param mask enables nodes with only the previous key to derive the token; null if this node has only one key
     */
    @SuppressWarnings("ArrayRecordComponent") // records of this type are never compared
    record Successor(RefreshToken token, byte @Nullable [] mask) {}

    /** Derives the successor under the current key. */
    Successor derive(RefreshToken token) {
        byte[] secret = secrets.ofEachKey(token.bytes()).get(0);
        List<byte[]> pads = masks.ofEachKey(token.bytes());
        return new Successor(token.withSecret(secret), pads.size() > 1 ? xor(pads.get(1), secret) : null);
    }

    /**
     * Returns the successor that this or another node has already sent to a client for the token.
     *
     * @param hash the hash of the successor
     * @param mask the mask stored with that hash
     * @return empty if this node does not have the key of the successor, or if the successor was random
     */
    Optional<RefreshToken> find(RefreshToken token, byte[] hash, byte @Nullable [] mask) {
        List<byte[]> candidates = new ArrayList<>(secrets.ofEachKey(token.bytes()));
        if (mask != null) {
            masks.ofEachKey(token.bytes()).forEach(pad -> candidates.add(xor(pad, mask)));
        }
        return candidates.stream()
                .map(token::withSecret)
                .filter(candidate -> MessageDigest.isEqual(candidate.hash(), hash))
                .findFirst();
    }

    private static byte[] xor(byte[] pad, byte[] data) {
        byte[] result = Arrays.copyOf(data, pad.length);
        for (int i = 0; i < pad.length; i++) {
            result[i] ^= pad[i];
        }
        return result;
    }
}
