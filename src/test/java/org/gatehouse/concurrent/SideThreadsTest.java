package org.gatehouse.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SideThreadsTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final SideThreads side = new SideThreads("test", 1);

    @AfterEach
    void stop() {
        side.close();
    }

    @Test
    void runsAStepInAnotherThread() {
        Supplier<String> name = side.start(SideThreadsTest::threadName);

        assertThat(name.get()).startsWith("gatehouse-test-");
    }

    @Test
    void runsAStepInTheCallingThreadIfAllThreadsAreBusy() {
        CountDownLatch end = new CountDownLatch(1);
        Supplier<Boolean> running = side.start(() -> Threads.await(end, LONG));

        assertThat(side.start(SideThreadsTest::threadName).get()).isEqualTo(threadName());

        end.countDown();
        assertThat(running.get()).isTrue();
    }

    @Test
    void runsAStepInTheCallingThreadAfterClose() {
        side.close();

        assertThat(side.start(SideThreadsTest::threadName).get()).isEqualTo(threadName());
    }

    @Test
    void throwsTheExceptionOfTheStep() {
        Supplier<String> failing = side.start(() -> {
            throw new GatehouseException(ErrorCode.BUSY);
        });

        assertThatThrownBy(failing::get)
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.BUSY));
    }

    private static String threadName() {
        return Thread.currentThread().getName();
    }
}
