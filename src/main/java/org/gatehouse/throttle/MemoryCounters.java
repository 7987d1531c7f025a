package org.gatehouse.throttle;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counters of this node alone.
 *
 * <p>Their number is bounded, and under pressure those that are least asked for are forgotten first; see {@link #MOST}.
 */
final class MemoryCounters implements Counters {
    /**
     * How many counts are kept: some 50 MB at most. To push out the full count of one account an attacker must have this
     * many other attempts counted while its window runs, from hundreds of sources, and each of them waits for a password
     * to be hashed: hours of every core, to gain the guesses of one window.
     */
    static final long MOST = 100_000;

    private final Clock clock;
    private final Cache<String, Map<String, Tally>> counts;

    /**
     * Starts with nothing counted.
     *
     * @param most how many counts are kept
     */
    MemoryCounters(Clock clock, long most) {
        this.clock = clock;
        this.counts = Caffeine.newBuilder()
                .maximumWeight(most)
                .<String, Map<String, Tally>>weigher((key, tallies) -> tallies.size())
                .expireAfter(Expiry.<String, Map<String, Tally>>writing((key, tallies) -> remaining(tallies)))
                .ticker(() -> Duration.ofMillis(clock.millis()).toNanos())
                .executor(Runnable::run) // no thread outlives the application
                .build();
    }

    /** How long until there is room under each quota, in case one is full; nothing is counted. */
    Duration delay(String key, List<Quota> quotas) {
        return delay(running(counts.getIfPresent(key)), quotas);
    }

    @Override
    public Optional<Count> count(String key, List<Quota> quotas) {
        Count[] result = new Count[1];
        counts.asMap().compute(key, (same, before) -> {
            Map<String, Tally> tallies = running(before);
            Duration delay = delay(tallies, quotas);
            result[0] = delay.isZero() ? counted(tallies, quotas) : Count.refused(delay);
            return tallies.isEmpty() ? null : tallies;
        });
        return Optional.of(result[0]);
    }

    @Override
    public void giveBack(String key, Map<String, Long> windows) {
        change(
                key,
                tallies -> windows.forEach((name, end) -> tallies.computeIfPresent(name, (same, tally) -> {
                    if (tally.endsAt().toEpochMilli() != end) {
                        return tally;
                    }
                    return tally.count() > 1 ? new Tally(tally.count() - 1, tally.endsAt()) : null;
                })));
    }

    @Override
    public void forget(String key, String name) {
        change(key, tallies -> tallies.remove(name));
    }

    @Override
    public Optional<Map<String, Tally>> tallies(String key) {
        return Optional.of(running(counts.getIfPresent(key)));
    }

    @Override
    public boolean clear(String key) {
        counts.invalidate(key);
        return true;
    }

    private interface Change {
        void apply(Map<String, Tally> tallies);
    }

    private void change(String key, Change change) {
        counts.asMap().computeIfPresent(key, (same, before) -> {
            Map<String, Tally> tallies = running(before);
            change.apply(tallies);
            return tallies.isEmpty() ? null : tallies;
        });
    }

    /** Adds to the tallies. */
    private Count counted(Map<String, Tally> tallies, List<Quota> quotas) {
        Map<String, Long> windows = new HashMap<>();
        for (Quota quota : quotas) {
            Tally before = of(tallies, quota);
            tallies.put(quota.name(), new Tally(before.count() + 1, before.endsAt()));
            windows.put(quota.name(), before.endsAt().toEpochMilli());
        }
        return new Count(Duration.ZERO, windows);
    }

    private Duration delay(Map<String, Tally> tallies, List<Quota> quotas) {
        Instant now = now();
        return quotas.stream()
                .filter(quota -> of(tallies, quota).count() >= quota.limit())
                .map(quota -> Duration.between(now, of(tallies, quota).endsAt()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    /** The window that runs, or the one that would begin now. */
    private Tally of(Map<String, Tally> tallies, Quota quota) {
        return tallies.getOrDefault(quota.name(), new Tally(0, now().plus(quota.window())));
    }

    /** A copy that may be changed, without the windows that have ended. */
    private Map<String, Tally> running(@Nullable Map<String, Tally> tallies) {
        Map<String, Tally> running = new HashMap<>(tallies == null ? Map.of() : tallies);
        Instant now = now();
        running.values().removeIf(tally -> !tally.endsAt().isAfter(now));
        return running;
    }

    private Duration remaining(Map<String, Tally> tallies) {
        Instant now = now();
        return tallies.values().stream()
                .map(tally -> Duration.between(now, tally.endsAt()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
