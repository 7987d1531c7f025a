package org.gatehouse.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SingleFlightTest {
    private final SingleFlight<Integer> flights = new SingleFlight<>();
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void stop() {
        release.countDown();
        callers.shutdownNow();
    }

    @Test
    void callersThatArriveDuringATaskShareTheNextTask() throws Exception {
        CompletableFuture<Integer> first = call("a", this::blocked);
        await().until(() -> runs.get() == 1);
        List<CompletableFuture<Integer>> others = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            others.add(call("a", runs::incrementAndGet));
        }
        await().until(() -> waiting.get() == 51);
        assertThat(runs).hasValue(1);

        release.countDown();

        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        for (CompletableFuture<Integer> other : others) {
            // If a caller arrives after the next task has started, a later task serves this caller.
            assertThat(other.get(60, TimeUnit.SECONDS)).isBetween(2, 51);
        }
        assertThat(others.stream().map(CompletableFuture::join).distinct().count())
                .isLessThan(10);
    }

    @Test
    void doesNotWaitForTheTaskOfAnotherKey() throws Exception {
        CompletableFuture<Integer> first = call("a", this::blocked);
        await().until(() -> runs.get() == 1);

        assertThat(call("b", () -> 7).get(60, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(first).isNotDone();
    }

    @Test
    void runsANewTaskForALaterCaller() {
        assertThat(flights.run("a", runs::incrementAndGet)).isEqualTo(1);
        assertThat(flights.run("a", runs::incrementAndGet)).isEqualTo(2);
    }

    @Test
    void reportsAFailureToAllCallersOfTheTask() {
        CompletableFuture<Integer> first = call("a", this::blocked);
        await().until(() -> runs.get() == 1);
        Supplier<Integer> failing = () -> {
            throw new GatehouseException(ErrorCode.USERNAME_TAKEN);
        };
        List<CompletableFuture<Integer>> others = List.of(call("a", failing), call("a", failing));
        await().until(() -> waiting.get() == 3);
        release.countDown();

        assertThat(first.join()).isEqualTo(1);
        for (CompletableFuture<Integer> other : others) {
            assertThatThrownBy(other::join).hasCauseInstanceOf(GatehouseException.class);
        }
        assertThat(flights.run("a", () -> 8)).isEqualTo(8);
    }

    @Test
    void doesNotRetryAStoreThatWasJustUnavailable() {
        CompletableFuture<Integer> first = call("a", () -> {
            blocked();
            throw GatehouseException.temporary(ErrorCode.STORE_UNAVAILABLE, Duration.ofSeconds(1), null);
        });
        await().until(() -> runs.get() == 1);
        CompletableFuture<Integer> next = call("a", runs::incrementAndGet);
        await().until(() -> waiting.get() == 2);
        release.countDown();

        assertThatThrownBy(first::join).hasCauseInstanceOf(GatehouseException.class);
        assertThatThrownBy(next::join).hasCauseInstanceOf(GatehouseException.class);
        assertThat(runs).hasValue(1);
        assertThat(flights.run("a", runs::incrementAndGet)).isEqualTo(2);
    }

    private CompletableFuture<Integer> call(String key, Supplier<Integer> work) {
        return CompletableFuture.supplyAsync(
                () -> {
                    waiting.incrementAndGet();
                    return flights.run(key, work);
                },
                callers);
    }

    private int blocked() {
        int run = runs.incrementAndGet();
        try {
            assertThat(release.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return run;
    }
}
