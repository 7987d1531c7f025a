package org.gatehouse.user;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.store.KeyedHash;
import org.gatehouse.store.Sha256;
import org.gatehouse.user.IdempotencyStore.Entry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates at most one user for each {@link IdempotencyKey}, on any number of nodes, even if a node stops at any point.
 *
 * <p>The id is stored before the user, so all requests with the key insert the same {@code _id}. One request inserts
 * the user, and the other requests find this user. Responses are not stored, because the response can be computed from
 * the repeated request, the stored id and the stored time of creation.
 */
final class IdempotentCreation {
    /** Sorts fields and omits white space, so that equal bodies yield equal bytes. */
    private static final ObjectWriter CANONICAL = Json.MAPPER.writer().with(JsonNodeFeature.WRITE_PROPERTIES_SORTED);

    private static final Logger log = LoggerFactory.getLogger(IdempotentCreation.class);

    private final IdempotencyStore keys;
    private final KeyedHash fingerprints;

    public IdempotentCreation(IdempotencyStore keys, KeyedHash fingerprints) {
        this.keys = keys;
        this.fingerprints = fingerprints;
    }

    /**
     * Creates the user, or returns the user that an earlier request with the same key and body created.
     *
     * @throws GatehouseException {@code IDEMPOTENCY_KEY_REUSED} if the body differs from the first body with this key;
     *     also any exception of the creation. A 4xx response frees the key. After a 5xx response, the key requires the
     *     same body
     */
    User create(IdempotencyKey key, JsonBody body, UserCreation creation) {
        // The stored key includes the owner of the key, because two callers may send the same text.
        String name = Sha256.hex(creation.scope() + ' ' + key.text());
        byte[] request = canonical(body);
        Entry known = keys.find(name).orElse(null);
        if (known == null) {
            return creation.admitted(() -> create(keys.begin(name, fingerprints.of(request)), request, creation));
        }
        requireSame(known, request);
        if (known.createdAt() != null) {
            return creation.asCreated(known.userId(), known.createdAt());
        }
        return creation.find(known.userId())
                .map(user -> finished(known, user, creation))
                .orElseGet(() -> creation.admitted(() -> create(known, request, creation)));
    }

    private User create(Entry entry, byte[] request, UserCreation creation) {
        requireSame(entry, request);
        try {
            return finished(entry, creation.insertOrFind(entry.userId()), creation);
        } catch (GatehouseException failed) {
            if (failed.code().status() < 500) {
                quietly(() -> keys.forget(entry));
            }
            throw failed;
        }
    }

    private User finished(Entry entry, User user, UserCreation creation) {
        quietly(() -> keys.finish(entry, user.createdAt()));
        return creation.asCreated(user.id(), user.createdAt());
    }

    private void requireSame(Entry entry, byte[] request) {
        if (!fingerprints.matches(request, entry.fingerprint())) {
            throw new GatehouseException(ErrorCode.IDEMPOTENCY_KEY_REUSED);
        }
    }

    /** Ignores an unavailable store, because a repeated request does not need this write to return the user. */
    private static void quietly(Runnable write) {
        try {
            write.run();
        } catch (GatehouseException unavailable) {
            log.debug("The state of an idempotency key could not be changed", unavailable);
        }
    }

    private static byte[] canonical(JsonBody body) {
        try {
            return CANONICAL.writeValueAsBytes(body.node());
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
