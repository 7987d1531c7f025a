package org.gatehouse.throttle;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.store.RedisConnection;

/**
 * Lets things happen as often as a quota says, on all nodes together.
 *
 * <p>Counts come before the deed, so those that run at the same time cannot overshoot. When Redis falls silent each node
 * goes on by itself from what it last saw there, and goes on respecting what it counted after Redis has returned, until
 * the windows end. So an outage adds at most one limit a node, however often it comes and goes, and nothing where the
 * limit was reached before.
 */
public final class Throttle {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final Counters shared;

    /** What Redis last said; asked for only when Redis is silent, for by then others may have given back or cleared. */
    private final MemoryCounters seen;

    /** What was counted here while Redis was silent. */
    private final MemoryCounters own;

    public Throttle(RedisConnection redis, Clock clock) {
        this.shared = new RedisCounters(redis);
        this.seen = new MemoryCounters(clock, MemoryCounters.MOST);
        this.own = new MemoryCounters(clock, MemoryCounters.MOST);
    }

    /**
     * Counts one under each quota of the key.
     *
     * @param key what is counted; other keys do not matter
     * @param refusal the code when there is no room
     * @throws GatehouseException the refusal, with the time until there is room under every quota; then nothing is counted
     */
    public Admission admit(String key, List<Quota> quotas, ErrorCode refusal) {
        requireRoom(own.delay(key, quotas), refusal);
        Optional<Count> inRedis = shared.count(key, quotas);
        if (inRedis.isPresent()) {
            Count count = inRedis.get();
            seen.note(key, count.tallies());
            requireRoom(count.delay(), refusal);
            return new Admission(List.of(shared, seen), key, count.tallies());
        }
        own.raise(key, seen.tallies(key).orElseThrow());
        Count count = own.count(key, quotas).orElseThrow();
        requireRoom(count.delay(), refusal);
        return new Admission(List.of(own), key, count.tallies());
    }

    /** Ends the window of this name on this node and in Redis, with all that was counted in it. */
    public void forget(String key, String name) {
        own.forget(key, name);
        seen.forget(key, name);
        shared.forget(key, name);
    }

    /** What is counted under this key, by the name of the quota: by all nodes, or by this one where that is more. */
    public Map<String, Tally> tallies(String key) {
        Map<String, Tally> tallies =
                new HashMap<>(shared.tallies(key).or(() -> seen.tallies(key)).orElseThrow());
        own.tallies(key).orElseThrow().forEach((name, tally) -> tallies.merge(name, tally, Tally::larger));
        return tallies;
    }

    /**
     * Ends every window of this key in Redis and on this node. What another node counted while Redis was away stays.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when Redis cannot be reached, so that its counts may return
     */
    public void clear(String key) {
        own.clear(key);
        seen.clear(key);
        if (!shared.clear(key)) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
    }

    private static void requireRoom(Duration delay, ErrorCode refusal) {
        if (!delay.isZero()) {
            throw GatehouseException.temporary(refusal, delay, null);
        }
    }
}
