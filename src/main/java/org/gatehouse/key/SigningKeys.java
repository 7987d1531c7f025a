package org.gatehouse.key;

import java.util.List;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * The keys that this node signs and verifies with at this moment.
 *
 * <p>Every method except {@link #start} and {@link #close} relies on keys that are trusted now, or throws
 * {@code STORE_UNAVAILABLE}. If a key is not found, this node does not accept it. After {@link #revoke} has returned,
 * every node rejects the key.
 */
public interface SigningKeys extends AutoCloseable {
    /** Prepares the store, creates the first key if there are none, and starts to renew keys. May be repeated. */
    default void start() {}

    /** The key for new tokens. */
    SigningKey current();

    /**
     * Checks whether this node can sign now, without reading the store or creating a key.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if it cannot
     */
    void requireUsable();

    /** The key of this id; empty if it is unknown or revoked. An unknown key does not cause a read of the store. */
    Optional<SigningKey> find(String keyId);

    /**
     * The key of this id; empty if it is unknown or revoked. The store is read first if the key is unknown, because
     * another node may have just created it.
     *
     * @throws GatehouseException {@code BUSY} if too many callers wait for that read
     */
    Optional<SigningKey> findEvenIfNew(String keyId);

    /** All stored keys, newest first, including revoked keys and keys that do not sign yet. */
    List<KeyInfo> list();

    /** The public keys as a JWK set (RFC 7517, section 5); empty if tokens are signed with a shared secret. */
    String publicKeys();

    /**
     * Creates and publishes a key now; it starts to sign after the lead.
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
