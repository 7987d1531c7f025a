package org.gatehouse.password;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestLoadTest {
    private final AtomicLong nanos = new AtomicLong();
    private final RequestLoad work = new RequestLoad(nanos::get);

    @Test
    void aFewRequestsInASecondAreNotMuch() {
        for (int second = 0; second < 5; second++) {
            note(9);
            assertThat(work.isHigh()).isFalse();
            pass(Duration.ofSeconds(1));
        }
    }

    @Test
    void manyCountUntilASecondHasHadFew() {
        note(10);
        assertThat(work.isHigh()).isTrue();
        pass(Duration.ofMillis(1_500));
        assertThat(work.isHigh()).isTrue();
        pass(Duration.ofMillis(1_500));
        assertThat(work.isHigh()).isFalse();
    }

    @Test
    void oldEventsDoNotCount() {
        note(1_000);
        pass(Duration.ofMinutes(1));

        assertThat(work.isHigh()).isFalse();
    }

    private void note(int times) {
        for (int i = 0; i < times; i++) {
            work.note();
        }
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }
}
