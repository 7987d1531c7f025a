package org.gatehouse.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RepeatedTaskTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    @Test
    void runsAgainAfterThePauseEvenIfARunFails() {
        CountDownLatch runs = new CountDownLatch(3);
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (RepeatedTask task = new RepeatedTask("test", () -> {
            thread.set(Thread.currentThread());
            runs.countDown();
            if (runs.getCount() == 2) {
                throw new IllegalStateException("this run fails on purpose");
            }
            return Duration.ZERO;
        })) {
            task.start();
            task.start();

            assertThat(Threads.await(runs, WAIT_TIMEOUT)).isTrue();
            assertThat(thread.get().getName()).isEqualTo("gatehouse-test");
            assertThat(thread.get().isDaemon()).isTrue();
        }
        assertThat(Threads.join(thread.get(), WAIT_TIMEOUT)).isTrue();
    }

    @Test
    void waitsForTheCurrentRunWhenTheTaskIsClosed() {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        RepeatedTask task = new RepeatedTask("test", () -> {
            begun.countDown();
            ended.addAndGet(Threads.await(end, WAIT_TIMEOUT) ? 1 : 0);
            return WAIT_TIMEOUT;
        });
        task.start();
        assertThat(Threads.await(begun, WAIT_TIMEOUT)).isTrue();
        task.stop();
        end.countDown();

        task.close();

        assertThat(ended).hasValue(1);
        assertThat(task.awaitStop(WAIT_TIMEOUT)).isTrue();
    }

    @Test
    void canBeClosedBeforeItIsStarted() {
        AtomicInteger runs = new AtomicInteger();
        try (RepeatedTask task = new RepeatedTask("test", () -> {
            runs.incrementAndGet();
            return WAIT_TIMEOUT;
        })) {
            assertThat(task.awaitStop(Duration.ZERO)).isFalse();
        }
        assertThat(runs).hasValue(0);
    }
}
