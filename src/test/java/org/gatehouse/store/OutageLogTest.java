package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.log.LogLines;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class OutageLogTest {
    private static final Logger logger = LoggerFactory.getLogger(OutageLogTest.class);

    private final AtomicLong now = new AtomicLong();
    private final OutageLog outages = new OutageLog(logger, "test: over", Duration.ZERO, now::get);
    private final LogLines lines = new LogLines();

    @AfterEach
    void close() {
        lines.close();
    }

    @Test
    void logsTheStartAndTheEndOfEachOutageOnce() {
        for (int outage = 0; outage < 2; outage++) {
            fail("away");
            fail("away");
            outages.succeeded();
            outages.succeeded();
        }

        assertThat(lines.with("test: "))
                .containsExactly("WARN test: away", "INFO test: over", "WARN test: away", "INFO test: over");
    }

    @Test
    void logsEachOfTwoAlternatingReasonsOnce() {
        for (int i = 0; i < 5; i++) {
            fail("one reason");
            fail("another");
        }

        assertThat(lines.with("test: ")).containsExactly("WARN test: one reason", "WARN test: another");

        now.addAndGet(Duration.ofMinutes(2).toNanos());
        fail("one reason");
        assertThat(lines.with("test: one reason")).hasSize(2);
    }

    @Test
    void limitsTheLogLinesOfAnUnstableStore() {
        for (int i = 0; i < 1_000; i++) {
            fail("away");
            outages.succeeded();
        }
        assertThat(lines.with("test: away").size()).isBetween(2, 60);
        assertThat(lines.with("test: over")).hasSameSizeAs(lines.with("test: away"));

        now.addAndGet(Duration.ofMinutes(2).toNanos());
        lines.clear();
        fail("away");
        assertThat(lines.with("test: away")).hasSize(1);
    }

    @Test
    void doesNotLogTheEndOfAnOutageAtASuccessBetweenFailures() {
        OutageLog alternating = new OutageLog(logger, "test: over", Duration.ofSeconds(10), now::get);
        for (int i = 0; i < 20; i++) {
            alternating.failed(Level.ERROR, "13", "test: refused");
            now.addAndGet(Duration.ofSeconds(2).toNanos());
            alternating.succeeded();
        }
        assertThat(lines.with("test: ")).containsExactly("ERROR test: refused");

        now.addAndGet(Duration.ofSeconds(10).toNanos());
        alternating.succeeded();
        assertThat(lines.with("test: ")).containsExactly("ERROR test: refused", "INFO test: over");

        now.addAndGet(Duration.ofMinutes(1).toNanos());
        alternating.failed(Level.ERROR, "13", "test: refused");
        assertThat(lines.with("test: refused")).hasSize(2);
    }

    private void fail(String reason) {
        outages.failed(Level.WARN, reason, "test: " + reason);
    }
}
