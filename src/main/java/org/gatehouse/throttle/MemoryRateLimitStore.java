package org.gatehouse.throttle;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stores the counts of this node in memory.
 *
 * <p>The number of counts is limited to {@link #MAX_COUNTS}. Above the limit, the least used counts are evicted first.
 */
final class MemoryRateLimitStore implements RateLimitStore {
    /**
     * This number of counts needs about 20 MB. To evict the full count of one account, an attacker needs about 20,000
     * counted attempts at other accounts within the window of this count. Each attempt must come from a source below
     * its limit, and takes the time of a password hash. The attacker gains only the guesses of one window, which are
     * not worth this effort.
     */
    static final long MAX_COUNTS = 50_000;

    private final Clock clock;
    private final Cache<String, Map<String, WindowCount>> cache;

    MemoryRateLimitStore(Clock clock, long maxCounts) {
        this.clock = clock;
        this.cache = Caffeine.newBuilder()
                .maximumWeight(maxCounts)
                .<String, Map<String, WindowCount>>weigher((key, counts) -> counts.size())
                .expireAfter(Expiry.<String, Map<String, WindowCount>>writing((key, counts) -> remaining(counts)))
                .ticker(() -> Duration.ofMillis(clock.millis()).toNanos())
                .executor(Runnable::run) // because another thread could outlive the application
                .build();
    }

    /** Returns the time until every quota allows an attempt; zero if none is full. Does not count an attempt. */
    Duration delay(String key, List<Quota> quotas) {
        return delay(current(cache.getIfPresent(key)), quotas);
    }

    /** For each name, keeps the higher of the counts in this store and in {@code other}. */
    void mergeMax(String key, Map<String, WindowCount> other) {
        compute(key, counts -> current(other).forEach((name, count) -> counts.merge(name, count, WindowCount::max)));
    }

    /** Replaces counts of this store with the counts in {@code other}, even if these are lower. */
    void update(String key, Map<String, WindowCount> other) {
        compute(key, counts -> counts.putAll(current(other)));
    }

    @Override
    public Optional<CountResult> increment(String key, List<Quota> quotas) {
        CountResult[] result = new CountResult[1];
        compute(key, counts -> {
            Duration delay = delay(counts, quotas);
            if (delay.isZero()) {
                quotas.forEach(quota ->
                        counts.put(quota.name(), windowOf(counts, quota).incremented()));
            }
            result[0] = new CountResult(
                    delay, quotas.stream().collect(Collectors.toMap(Quota::name, quota -> windowOf(counts, quota))));
        });
        return Optional.of(result[0]);
    }

    @Override
    public Runnable refundAsync(String key, Map<String, WindowCount> windows, List<String> removed) {
        compute(key, counts -> {
            windows.forEach((name, window) -> counts.computeIfPresent(name, (same, count) -> {
                if (!count.endsAt().equals(window.endsAt())) {
                    return count;
                }
                return count.count() > 1 ? new WindowCount(count.count() - 1, count.endsAt()) : null;
            }));
            removed.forEach(counts::remove);
        });
        return () -> {};
    }

    @Override
    public Optional<Map<String, WindowCount>> counts(String key) {
        return Optional.of(current(cache.getIfPresent(key)));
    }

    @Override
    public boolean clear(String key) {
        cache.invalidate(key);
        return true;
    }

    private void compute(String key, Consumer<Map<String, WindowCount>> change) {
        cache.asMap().compute(key, (same, before) -> {
            Map<String, WindowCount> counts = current(before);
            change.accept(counts);
            return counts.isEmpty() ? null : counts;
        });
    }

    private Duration delay(Map<String, WindowCount> counts, List<Quota> quotas) {
        Instant now = clock.instant();
        return quotas.stream()
                .filter(quota -> windowOf(counts, quota).count() >= quota.limit())
                .map(quota -> Duration.between(now, windowOf(counts, quota).endsAt()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    /** Returns the current window of the quota, or an empty window that starts now. */
    private WindowCount windowOf(Map<String, WindowCount> counts, Quota quota) {
        return counts.getOrDefault(
                quota.name(), new WindowCount(0, clock.instant().plus(quota.window())));
    }

    /** Returns a mutable copy without ended and empty windows, because rejected attempts would occupy memory. */
    private Map<String, WindowCount> current(@Nullable Map<String, WindowCount> counts) {
        Map<String, WindowCount> current = new HashMap<>(counts == null ? Map.of() : counts);
        Instant now = clock.instant();
        current.values().removeIf(count -> count.count() < 1 || !count.endsAt().isAfter(now));
        return current;
    }

    private Duration remaining(Map<String, WindowCount> counts) {
        Instant now = clock.instant();
        return counts.values().stream()
                .map(count -> Duration.between(now, count.endsAt()))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }
}
