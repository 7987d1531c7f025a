package org.gatehouse.key;

import java.util.List;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * The keys that this node signs and verifies with at this moment.
 *
 * <p>Every method except {@link #start} and {@link #close} uses keys that are trusted now, or throws
 * {@code STORE_UNAVAILABLE}. This node rejects a token whose key is not found. After {@link #revoke} has returned,
 * every node rejects tokens of the revoked key.
 */
public interface SigningKeys extends AutoCloseable {
    /** Prepares the store, creates the first key if it is missing, and starts to renew keys. May be called again. */
    default void start() {}

    /** Returns the key that signs new tokens. */
    SigningKey current();

    /**
     * Checks that this node can sign now. This method neither reads the store nor creates a key.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if this node cannot sign
     */
    void requireUsable();

    /** Returns the key with this id unless it is revoked. An unknown id does not cause a read of the store. */
    Optional<SigningKey> find(String keyId);

    /**
     * Returns the key with this id, or empty if the key does not exist or is revoked. If this node does not know the
     * key, it reads the store first, because another node may have just created the key.
     *
     * @throws GatehouseException {@code BUSY} if too many callers wait for that read
     */
    Optional<SigningKey> findEvenIfNew(String keyId);

    /** Returns all keys, newest first, including revoked keys and keys that do not sign yet. */
    List<KeyInfo> list();

    /** Returns the public keys as a JWK set (RFC 7517, section 5). For shared secrets, the set is empty. */
    String publicKeys();

    /**
     * Creates and publishes a key, which starts to sign after the lead of the {@link KeySchedule}.
     *
     * @throws GatehouseException {@code KEYS_FIXED} if the keys come from the settings
     */
    KeyInfo rotate();

    /**
     * Revokes a key permanently. When this method returns, every node rejects the key.
     *
     * @throws GatehouseException {@code NOT_FOUND}, {@code KEYS_FIXED}; {@code STORE_UNAVAILABLE} if another node may
     *     still accept the key
     */
    void revoke(String keyId);

    @Override
    default void close() {}
}
