package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.testing.TimeLimit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("also-full")
class VerificationBulkheadTest {
    private static final int CORES = 2;

    private final AtomicLong nanos = new AtomicLong();
    private final VerificationBulkhead bulkhead = new VerificationBulkhead(CORES, nanos::get);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch testEnd = new CountDownLatch(1);
    private final AtomicInteger running = new AtomicInteger();

    @AfterEach
    void stop() {
        testEnd.countDown();
        threads.shutdownNow();
    }

    @Test
    void aSourceIsSuspectAfterTooManyFailuresInAMinute() {
        countFailures("bad", VerificationBulkhead.TOLERATED_FAILURES);
        assertThat(bulkhead.isSuspect("bad")).isFalse();

        countFailures("bad", 1);
        assertThat(bulkhead.isSuspect("bad")).isTrue();
        assertThat(bulkhead.isSuspect("good")).isFalse();

        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(bulkhead.isSuspect("bad")).isFalse();
    }

    @Test
    void suspectSourcesShareOneSlotAndDoNotBlockOtherSources() {
        countFailures("bad", VerificationBulkhead.TOLERATED_FAILURES + 1);
        countFailures("worse", VerificationBulkhead.TOLERATED_FAILURES + 1);
        occupy("bad");
        await().until(() -> running.get() == 1);

        assertBusyAfterASecond("worse");
        assertThat(bulkhead.check("good", () -> true)).isTrue();
        testEnd.countDown();
        await().until(() -> running.get() == 0);
        assertThat(bulkhead.check("worse", () -> false)).isFalse();
    }

    @Test
    void sourcesThatAreNotSuspectShareOneSlotPerCore() {
        for (int i = 0; i < CORES; i++) {
            occupy("good");
        }
        await().until(() -> running.get() == CORES);

        assertBusyAfterASecond("good");
    }

    @Test
    void atLeastHalfOfAFloodFromASuspectSourceIsRejectedWithinASecond() throws Exception {
        countFailures("bad", VerificationBulkhead.TOLERATED_FAILURES + 1);
        occupy("bad");
        await().until(() -> running.get() == 1);
        AtomicInteger rejections = new AtomicInteger();
        int flood = 200;

        for (int i = 0; i < flood; i++) {
            var unused = threads.submit(() -> {
                try {
                    return bulkhead.check("bad", () -> false);
                } catch (GatehouseException busy) {
                    rejections.incrementAndGet();
                    throw busy;
                }
            });
        }

        // Up to half of the checks may wait for one second until they are rejected. The other half must be rejected
        // earlier.
        await().pollInterval(Duration.ofMillis(10))
                .atMost(TimeLimit.of(Duration.ofMillis(900)))
                .until(() -> rejections.get() >= flood / 2);
    }

    private void countFailures(String source, int times) {
        for (int i = 0; i < times; i++) {
            bulkhead.countFailure(source);
        }
    }

    /** Occupies one slot of the bulkhead until the end of the test. */
    private void occupy(String source) {
        Future<Boolean> unused = threads.submit(() -> bulkhead.check(source, () -> {
            running.incrementAndGet();
            try {
                testEnd.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            running.decrementAndGet();
            return true;
        }));
    }

    private void assertBusyAfterASecond(String source) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> bulkhead.check(source, () -> true))
                .isInstanceOfSatisfying(GatehouseException.class, rejected -> {
                    assertThat(rejected.code()).isEqualTo(ErrorCode.BUSY);
                    assertThat(rejected.retryAfter()).isPresent();
                });
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(900), TimeLimit.of(Duration.ofSeconds(3)));
    }
}
