package org.gatehouse.config;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterURIUtil;
import java.net.URI;
import java.util.List;

/**
 * Where Redis is to be found: at one address, through the Sentinels that know it, or at some servers of a Cluster.
 *
 * @param seeds whom to ask, one after the other until one answers; Sentinels count as one seed together
 */
public record RedisUrl(List<RedisURI> seeds) {
    private static final List<String> SCHEMES =
            List.of("redis://", "rediss://", "redis-sentinel://", "rediss-sentinel://");

    /**
     * Reads {@code redis://[user:password@]host[:port][/database]}, the same with several hosts and commas between for a
     * Cluster, or {@code redis-sentinel://host[:port],…#name}; an {@code s} after {@code redis} is for TLS.
     *
     * @throws IllegalArgumentException with a sentence that does not repeat the text, for it may hold a password
     */
    public static RedisUrl parse(String text) {
        if (SCHEMES.stream().noneMatch(text::startsWith)) {
            throw new IllegalArgumentException("must start with redis:// or rediss:// (TLS), redis-sentinel:// or "
                    + "rediss-sentinel:// (with the name of the master after a #)");
        }
        List<RedisURI> seeds = seedsOf(text);
        if (seeds.size() > 1 && RedisURI.create(text).getDatabase() != 0) {
            throw new IllegalArgumentException("names a database, but a Cluster has only the first");
        }
        return new RedisUrl(seeds);
    }

    /** A plain Redis. */
    static RedisUrl of(String host, int port) {
        return new RedisUrl(List.of(RedisURI.create(host, port)));
    }

    private static List<RedisURI> seedsOf(String text) {
        try {
            RedisURI whole = RedisURI.create(text);
            boolean isCluster =
                    whole.getSentinels().isEmpty() && whole.getHost().contains(",");
            return isCluster ? List.copyOf(RedisClusterURIUtil.toRedisURIs(URI.create(text))) : List.of(whole);
        } catch (RuntimeException malformed) {
            throw new IllegalArgumentException("is not a Redis address (redis://user:password@host:6379/0, "
                    + "redis://host:6379,host:6379 for a Cluster, redis-sentinel://host:26379,host:26379#name)");
        }
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
