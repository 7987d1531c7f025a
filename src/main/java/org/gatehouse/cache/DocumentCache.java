package org.gatehouse.cache;

import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.Optional;
import org.gatehouse.store.RedisConnection;

/**
 * Documents of one kind in Redis, one string each, under {@code prefix:{id}}; the braces keep a document's key in one
 * slot of a Redis Cluster.
 *
 * <p>Callers may rely on this class never failing: with Redis away, nothing is found and nothing is kept. An entry is
 * evicted after each write and outlives a missed eviction by {@code ttl} at most.
 */
public final class DocumentCache {
    private final RedisConnection redis;
    private final String prefix;
    private final SetArgs expiry;

    /** @param ttl how long an entry may live, in whole seconds */
    public DocumentCache(RedisConnection redis, String prefix, Duration ttl) {
        this.redis = redis;
        this.prefix = prefix;
        this.expiry = SetArgs.Builder.ex(ttl);
    }

    public Optional<byte[]> find(String id) {
        return redis.call(commands -> commands.get(key(id)));
    }

    public void store(String id, byte[] document) {
        redis.call(commands -> commands.set(key(id), document, expiry));
    }

    public void evict(String id) {
        redis.call(commands -> commands.del(key(id)));
    }

    private String key(String id) {
        return prefix + ":{" + id + "}";
    }
}
