package org.gatehouse.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ThreadsTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    @ParameterizedTest
    @MethodSource("waits")
    void anInterruptedWaitFailsAndLeavesTheThreadInterrupted(BooleanSupplier wait) {
        Thread.currentThread().interrupt();

        assertThat(wait.getAsBoolean()).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    static Stream<BooleanSupplier> waits() {
        return Stream.of(
                () -> Threads.sleep(LONG),
                () -> Threads.await(new CountDownLatch(1), LONG),
                () -> Threads.tryAcquire(new Semaphore(0), LONG),
                () -> Threads.tryLock(new ReentrantLock(), LONG),
                () -> Threads.join(Thread.currentThread(), LONG));
    }
}
