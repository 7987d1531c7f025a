package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestLoadTest {
    private final AtomicLong nanos = new AtomicLong();
    private final RequestLoad load = new RequestLoad(nanos::get);

    @Test
    void isNotHighAfterFewRequestsPerSecond() {
        for (int second = 0; second < 5; second++) {
            recordRequests(9);
            assertThat(load.isHigh()).isFalse();
            advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void staysHighUntilASecondWithFewRequests() {
        recordRequests(10);
        assertThat(load.isHigh()).isTrue();
        advance(Duration.ofMillis(1_500));
        assertThat(load.isHigh()).isTrue();
        advance(Duration.ofMillis(1_500));
        assertThat(load.isHigh()).isFalse();
    }

    @Test
    void ignoresOldRequests() {
        recordRequests(1_000);
        advance(Duration.ofMinutes(1));

        assertThat(load.isHigh()).isFalse();
    }

    private void recordRequests(int times) {
        for (int i = 0; i < times; i++) {
            load.note();
        }
    }

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
