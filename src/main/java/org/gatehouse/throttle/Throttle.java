package org.gatehouse.throttle;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.RedisConnection;

/**
 * Enforces quotas across all nodes.
 *
 * <p>An attempt is counted before it is made, so concurrent attempts cannot exceed a limit. While Redis is unavailable,
 * each node counts alone, and starts with the counts that it last read from Redis. After Redis has returned, the node
 * still enforces its local counts until their windows end. Therefore each node allows at most as many additional
 * attempts as the limit, even if Redis fails repeatedly. A node does not allow additional attempts if it has read from
 * Redis that the limit is reached.
 */
public final class Throttle {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final RateLimitStore shared;

    /** The counts that Redis last returned. They are used only in an outage, because they may be out of date. */
    private final MemoryRateLimitStore lastSeen;

    /** The counts of this node during outages of Redis. */
    private final MemoryRateLimitStore local;

    /** An attempt that was allowed and counted. */
    public final class Permit {
        private final List<RateLimitStore> stores;
        private final String key;
        private final Map<String, WindowCount> windows;

        /** @param stores the stores that counted the attempt */
        private Permit(List<RateLimitStore> stores, String key, Map<String, WindowCount> windows) {
            this.stores = stores;
            this.key = key;
            this.windows = windows;
        }

        /** Subtracts an attempt that did not take place, at most once. Without Redis, the attempt stays counted. */
        public void refund() {
            stores.forEach(store -> store.refund(key, windows));
        }

        /**
         * Subtracts the attempt from one quota only, and deletes the count of another name under the same key. Both
         * happen at once on this node, and without waiting in Redis.
         *
         * @return waits for Redis
         */
        public Runnable refundAsync(String quotaName, String removed) {
            WindowCount window = windows.get(quotaName);
            Map<String, WindowCount> refunds = window == null ? Map.of() : Map.of(quotaName, window);
            Runnable pending = () -> {};
            for (RateLimitStore store : List.of(local, lastSeen, shared)) {
                pending = store.refundAsync(key, stores.contains(store) ? refunds : Map.of(), List.of(removed));
            }
            return pending;
        }
    }

    public Throttle(RedisConnection redis, Clock clock) {
        this.shared = new RedisRateLimitStore(redis);
        this.lastSeen = new MemoryRateLimitStore(clock, MemoryRateLimitStore.MAX_COUNTS);
        this.local = new MemoryRateLimitStore(clock, MemoryRateLimitStore.MAX_COUNTS);
    }

    /**
     * Counts an attempt under each quota of the key. Callers must call this method before the attempt.
     *
     * @param errorCode the code of the exception if a quota is full
     * @throws GatehouseException if a quota is full, with the time until every quota allows another attempt
     */
    public Permit acquire(String key, List<Quota> quotas, ErrorCode errorCode) {
        requireNoDelay(local.delay(key, quotas), errorCode);
        RateLimitStore.CountResult inRedis = shared.increment(key, quotas).orElse(null);
        if (inRedis != null) {
            lastSeen.update(key, inRedis.counts());
            requireNoDelay(inRedis.delay(), errorCode);
            return new Permit(List.of(shared, lastSeen), key, inRedis.counts());
        }
        local.mergeMax(key, lastSeen.counts(key).orElseThrow());
        RateLimitStore.CountResult result = local.increment(key, quotas).orElseThrow();
        requireNoDelay(result.delay(), errorCode);
        return new Permit(List.of(local), key, result.counts());
    }

    /** Returns the counts of this key by quota name. Each count is the higher of the shared and the local count. */
    public Map<String, WindowCount> counts(String key) {
        Map<String, WindowCount> counts =
                new HashMap<>(shared.counts(key).or(() -> lastSeen.counts(key)).orElseThrow());
        local.counts(key).orElseThrow().forEach((name, count) -> counts.merge(name, count, WindowCount::max));
        return counts;
    }

    /**
     * Deletes all counts of this key in Redis and on this node. Counts that other nodes made during an outage remain.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} if Redis is unavailable; the counts in Redis then remain
     */
    public void clear(String key) {
        local.clear(key);
        lastSeen.clear(key);
        if (!shared.clear(key)) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
    }

    private static void requireNoDelay(Duration delay, ErrorCode errorCode) {
        if (!delay.isZero()) {
            throw GatehouseException.temporary(errorCode, delay, null);
        }
    }
}
