package org.gatehouse.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.Test;

class MemoryRateLimitStoreTest extends RateLimitStoreContract {
    private final SettableClock clock = new SettableClock(Instant.parse("2026-11-23T10:00:00.123Z"));
    private final MemoryRateLimitStore store = new MemoryRateLimitStore(clock, MemoryRateLimitStore.MAX_COUNTS);

    @Override
    RateLimitStore store() {
        return store;
    }

    @Override
    Instant now() {
        return clock.instant();
    }

    @Override
    void pass(Duration time) {
        clock.advance(time);
    }

    @Test
    void keepsNoEmptyWindows() {
        Instant later = now().plusSeconds(60);

        store.update(
                "rejected",
                Map.of("from 192.0.2.1", new WindowCount(0, later), "strangers", new WindowCount(100, later)));

        assertThat(store.counts("rejected").orElseThrow()).containsOnlyKeys("strangers");
    }

    @Test
    void evictsCountsButKeepsAFullCountThatIsInUse() {
        Quota quota = new Quota("strangers", 10, Duration.ofHours(1));
        MemoryRateLimitStore small = new MemoryRateLimitStore(clock, 1_000);
        for (int i = 0; i < 10; i++) {
            small.increment("victim", List.of(quota));
        }

        int kept = 0;
        for (int i = 0; i < 20_000; i++) {
            small.increment("name-" + i, List.of(quota));
            if (i % 100 == 0) {
                assertThat(small.delay("victim", List.of(quota)))
                        .as("delay of the victim after %d names", i)
                        .isPositive();
            }
        }

        for (int i = 0; i < 20_000; i++) {
            kept += small.counts("name-" + i).orElseThrow().size();
        }
        assertThat(kept).isBetween(500, 1_000);
    }
}
