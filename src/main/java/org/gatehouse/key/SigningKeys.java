package org.gatehouse.key;

import java.util.List;
import java.util.Optional;
import org.gatehouse.error.GatehouseException;

/**
 * The keys that this node signs and verifies with, at this moment.
 *
 * <p>Every method answers from what is known to be true now, or throws {@code STORE_UNAVAILABLE}: a key that is not
 * found is not accepted anywhere, and one that is found has not been revoked by anybody who was already told so.
 */
public interface SigningKeys extends AutoCloseable {
    /** Prepares the store, creates the first key if there is none, and renews keys from then on. May be repeated. */
    void start();

    /** The key for new tokens. */
    SigningKey current();

    /**
     * Whether this node could sign now, as far as it knows without asking; nothing is read or made for it.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if not
     */
    void requireUsable();

    /** The key of this id; empty when there is none, or when it is revoked. Never a reason to ask the store. */
    Optional<SigningKey> find(String keyId);

    /**
     * The same, but a key that is not known yet is looked for in the store first, for another node may have made it a
     * moment ago.
     */
    Optional<SigningKey> findEvenIfNew(String keyId);

    /** All keys that are kept, newest first, those that are revoked or not yet used among them. */
    List<KeyInfo> list();

    /** The public keys as a JWK set (RFC 7517, section 5); empty when tokens are signed with a shared secret. */
    String publicKeys();

    /**
     * Makes and publishes a key now; it signs after the lead.
     *
     * @throws GatehouseException {@code KEYS_FIXED}
     */
    KeyInfo rotate();

    /**
     * Ends a key for good: when this returns, no node accepts it.
     *
     * @throws GatehouseException {@code NOT_FOUND}, {@code KEYS_FIXED}
     */
    void revoke(String keyId);

    @Override
    void close();
}
