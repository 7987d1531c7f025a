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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Counters of this node alone.
 *
 * <p>Their number is bounded, and under pressure those that are least asked for are forgotten first; see {@link #MOST}.
 */
final class MemoryCounters implements Counters {
    /**
     * How many counts are kept, some 20 MB of them. To push out the full count of one account an attacker must have some
     * 20,000 attempts at other accounts counted while its window runs, from sources that are none of them full, and each
     * of these attempts waits for a password to be hashed: so much work for the guesses of one window does not pay.
     */
    static final long MOST = 50_000;

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

    /** Takes over what is counted elsewhere, where that is more. */
    void raise(String key, Map<String, Tally> elsewhere) {
        counts.asMap().compute(key, (same, before) -> {
            Map<String, Tally> tallies = running(before);
            running(elsewhere).forEach((name, tally) -> tallies.merge(name, tally, Tally::larger));
            return tallies.isEmpty() ? null : tallies;
        });
    }

    /** Notes what is counted elsewhere, more or less than what was noted before. */
    void note(String key, Map<String, Tally> elsewhere) {
        counts.asMap().compute(key, (same, before) -> {
            Map<String, Tally> tallies = running(before);
            tallies.putAll(running(elsewhere));
            return tallies.isEmpty() ? null : tallies;
        });
    }

    @Override
    public Optional<Count> count(String key, List<Quota> quotas) {
        Count[] result = new Count[1];
        counts.asMap().compute(key, (same, before) -> {
            Map<String, Tally> tallies = running(before);
            Duration delay = delay(tallies, quotas);
            if (delay.isZero()) {
                quotas.forEach(
                        quota -> tallies.put(quota.name(), of(tallies, quota).oneMore()));
            }
            result[0] = new Count(
                    delay, quotas.stream().collect(Collectors.toMap(Quota::name, quota -> of(tallies, quota))));
            return tallies.isEmpty() ? null : tallies;
        });
        return Optional.of(result[0]);
    }

    @Override
    public void giveBack(String key, Map<String, Tally> windows) {
        change(
                key,
                tallies -> windows.forEach((name, window) -> tallies.computeIfPresent(name, (same, tally) -> {
                    if (!tally.endsAt().equals(window.endsAt())) {
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

    /**
     * A copy that may be changed, without the windows that have ended or hold nothing; a refusal, which costs its sender
     * nothing, would else leave something behind.
     */
    private Map<String, Tally> running(@Nullable Map<String, Tally> tallies) {
        Map<String, Tally> running = new HashMap<>(tallies == null ? Map.of() : tallies);
        Instant now = now();
        running.values().removeIf(tally -> tally.count() < 1 || !tally.endsAt().isAfter(now));
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
