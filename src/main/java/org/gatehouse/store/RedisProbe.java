package org.gatehouse.store;

import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Executes every kind of command that Gatehouse uses, on keys that do not exist and are not created.
 *
 * <p>A server checks memory, permissions, its role and its disk before it executes a command. Therefore a command that
 * changes nothing fails for the same reasons as a command that changes data.
 */
final class RedisProbe {
    /** The commands of the cache scripts, on the key of a document. */
    private static final RedisScript<byte[]> CACHE = RedisScript.ofValue("""
            redis.call('GET', KEYS[1])
            redis.call('SET', KEYS[1], '', 'XX', 'PX', 1)
            redis.call('PTTL', KEYS[1])
            redis.call('DEL', KEYS[1])
            return 'done'
            """);

    /** The commands of the rate-limit scripts. They do not check memory, because {@link #CACHE} already does. */
    private static final RedisScript<byte[]> RATE_LIMITS = RedisScript.ofValue("""
            redis.call('TIME')
            redis.call('HGET', KEYS[1], 'probe')
            redis.call('HGETALL', KEYS[1])
            redis.call('HDEL', KEYS[1], 'probe')
            redis.call('PTTL', KEYS[1])
            redis.call('PEXPIREAT', KEYS[1], 1)
            return 'done'
            """);

    private static final List<String> CACHE_PREFIXES = List.of("u", "s");

    /** Among this many keys, every server of a Cluster has at least one, unless the server has very few slots. */
    private static final int MAX_TRIES = 100_000;

    private RedisProbe() {}

    /** Returns one hash tag per server. */
    static List<String> keys(List<RedisNodeConnection> bySlot) {
        Set<RedisNodeConnection> remaining = new HashSet<>(bySlot);
        List<String> tags = new ArrayList<>();
        for (int i = 0; i < MAX_TRIES && !remaining.isEmpty(); i++) {
            String tag = "{probe" + i + "}";
            RedisNodeConnection node = bySlot.size() == 1 ? bySlot.get(0) : bySlot.get(SlotHash.getSlot(tag));
            if (remaining.remove(node)) {
                tags.add(tag);
            }
        }
        return List.copyOf(tags);
    }

    /** Returns a key with this hash tag that the permissions for the cache include. No document has this key. */
    static String key(String tag) {
        return CACHE_PREFIXES.get(0) + ":" + tag;
    }

    /** Sends all commands for the keys with this hash tag. */
    static List<RedisTopology.PendingReply<byte[]>> executeAsync(RedisTopology topology, String tag) {
        List<RedisTopology.PendingReply<byte[]>> sent = new ArrayList<>();
        for (String prefix : CACHE_PREFIXES) {
            String key = prefix + ":" + tag;
            sent.add(topology.executeAsync(key, commands -> commands.get(key)));
            sent.add(CACHE.executeAsync(topology, key));
        }
        sent.add(RATE_LIMITS.executeAsync(topology, "throttle:" + tag));
        return sent;
    }
}
