package org.gatehouse.store;

import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Asks a server to do everything that Gatehouse asks of it, on keys that do not exist and are not made.
 *
 * <p>A server checks memory, permissions, its role and its disk before it runs a command, so a command that would change
 * nothing fails for the same reasons as one that would.
 */
final class RedisProbe {
    /** As of a cached document: what the scripts of the cache do. */
    private static final RedisScript<byte[]> CACHE = RedisScript.ofValue("""
            redis.call('GET', KEYS[1])
            redis.call('SET', KEYS[1], '', 'XX', 'PX', 1)
            redis.call('PTTL', KEYS[1])
            redis.call('DEL', KEYS[1])
            return 'done'
            """);

    /** As of a counter: what the scripts of the throttle do. The check of memory is the one of the cache. */
    private static final RedisScript<byte[]> COUNTERS = RedisScript.ofValue("""
            redis.call('TIME')
            redis.call('HGET', KEYS[1], 'probe')
            redis.call('HGETALL', KEYS[1])
            redis.call('HDEL', KEYS[1], 'probe')
            redis.call('PTTL', KEYS[1])
            redis.call('PEXPIREAT', KEYS[1], 1)
            return 'done'
            """);

    private static final List<String> CACHES = List.of("u", "s");

    /** Of so many keys every server of a Cluster has one, unless it has next to no slots. */
    private static final int MAX_TRIES = 100_000;

    private RedisProbe() {}

    /** The hash tags of keys of which each server has one. */
    static List<String> keys(List<RedisServer> bySlot) {
        Set<RedisServer> left = new HashSet<>(bySlot);
        List<String> tags = new ArrayList<>();
        for (int i = 0; i < MAX_TRIES && !left.isEmpty(); i++) {
            String tag = "{probe" + i + "}";
            RedisServer server = bySlot.size() == 1 ? bySlot.get(0) : bySlot.get(SlotHash.getSlot(tag));
            if (left.remove(server)) {
                tags.add(tag);
            }
        }
        return List.copyOf(tags);
    }

    /** Sends all commands about the keys with this hash tag. */
    static List<RedisLink.Pending<byte[]>> send(RedisLink link, String tag) {
        List<RedisLink.Pending<byte[]>> sent = new ArrayList<>();
        for (String prefix : CACHES) {
            String key = prefix + ":" + tag;
            sent.add(link.send(key, commands -> commands.get(key)));
            sent.add(CACHE.send(link, key));
        }
        sent.add(COUNTERS.send(link, "throttle:" + tag));
        return sent;
    }
}
