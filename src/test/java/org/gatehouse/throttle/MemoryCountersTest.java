package org.gatehouse.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.gatehouse.SettableClock;
import org.junit.jupiter.api.Test;

class MemoryCountersTest extends CountersContract {
    private final SettableClock clock = new SettableClock(Instant.parse("2026-11-23T10:00:00.123Z"));
    private final MemoryCounters counters = new MemoryCounters(clock, MemoryCounters.MOST);

    @Override
    Counters counters() {
        return counters;
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
    void keepNothingOfWhatWasOnlyRefused() {
        Instant later = now().plusSeconds(60);

        counters.note("refused", Map.of("from 192.0.2.1", new Tally(0, later), "strangers", new Tally(100, later)));

        assertThat(counters.tallies("refused").orElseThrow()).containsOnlyKeys("strangers");
    }

    @Test
    void remainBoundedAndKeepTheFullCountThatIsAskedFor() {
        Quota quota = new Quota("strangers", 10, Duration.ofHours(1));
        MemoryCounters few = new MemoryCounters(clock, 1_000);
        for (int i = 0; i < 10; i++) {
            few.count("victim", List.of(quota));
        }

        int kept = 0;
        for (int i = 0; i < 20_000; i++) {
            few.count("name-" + i, List.of(quota));
            if (i % 100 == 0) {
                assertThat(few.delay("victim", List.of(quota)))
                        .as("after %d names", i)
                        .isPositive();
            }
        }

        for (int i = 0; i < 20_000; i++) {
            kept += few.tallies("name-" + i).orElseThrow().size();
        }
        assertThat(kept).isBetween(500, 1_000);
    }
}
