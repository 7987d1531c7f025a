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
 * <p>Counts come before the deed, so those that run at the same time cannot overshoot. While Redis is away each node counts
 * by itself; what it counted then goes on being respected after Redis has returned, until its windows end. So an outage
 * adds at most one limit a node, however often it comes and goes.
 */
public final class Throttle {
    private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

    private final Counters shared;
    private final MemoryCounters own;

    public Throttle(RedisConnection redis, Clock clock) {
        this(new RedisCounters(redis), new MemoryCounters(clock, MemoryCounters.MOST));
    }

    Throttle(Counters shared, MemoryCounters own) {
        this.shared = shared;
        this.own = own;
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
        return admitted(shared, key, quotas, refusal)
                .or(() -> admitted(own, key, quotas, refusal))
                .orElseThrow();
    }

    /** Ends the window of this name on this node and in Redis, with all that was counted in it. */
    public void forget(String key, String name) {
        own.forget(key, name);
        shared.forget(key, name);
    }

    /** What is counted under this key, by the name of the quota: by all nodes, or by this one where that is more. */
    public Map<String, Tally> tallies(String key) {
        Map<String, Tally> tallies = new HashMap<>(shared.tallies(key).orElse(Map.of()));
        own.tallies(key)
                .orElseThrow()
                .forEach((name, tally) ->
                        tallies.merge(name, tally, (ours, theirs) -> ours.count() >= theirs.count() ? ours : theirs));
        return tallies;
    }

    /**
     * Ends every window of this key in Redis and on this node. What another node counted while Redis was away stays.
     *
     * @throws GatehouseException {@code STORE_UNAVAILABLE} when Redis cannot be reached, so that its counts may return
     */
    public void clear(String key) {
        own.clear(key);
        if (!shared.clear(key)) {
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, RETRY_AFTER, null);
        }
    }

    private static Optional<Admission> admitted(Counters counters, String key, List<Quota> quotas, ErrorCode refusal) {
        return counters.count(key, quotas).map(count -> {
            requireRoom(count.delay(), refusal);
            return new Admission(counters, key, count.windows());
        });
    }

    private static void requireRoom(Duration delay, ErrorCode refusal) {
        if (!delay.isZero()) {
            throw GatehouseException.temporary(refusal, delay, null);
        }
    }
}
