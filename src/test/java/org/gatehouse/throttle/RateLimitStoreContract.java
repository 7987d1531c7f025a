package org.gatehouse.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The contract of {@link RateLimitStore}. Each implementation runs all of these tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RateLimitStoreContract {
    /** Long enough for three counts on a busy machine. */
    static final Duration SHORT = Duration.ofSeconds(4);

    private static final Quota THREE = new Quota("three", 3, Duration.ofMinutes(5));
    private static final Quota FIVE = new Quota("five", 5, Duration.ofMinutes(15));

    private static final AtomicInteger number = new AtomicInteger();

    private String key = "";

    /** Returns the store under test. Each call may return the store of a different node. All nodes share the counts. */
    abstract RateLimitStore store();

    /** Returns the current time of the clock that determines the end of a window. */
    abstract Instant now();

    /** Waits for this time, or advances the clock of the store by this time. */
    abstract void pass(Duration time);

    @BeforeEach
    void useANewKey() {
        key = "key-" + number.incrementAndGet();
    }

    @Test
    void countsUpToTheLimitAndThenReturnsTheDelay() {
        Instant start = now();
        for (int i = 0; i < 3; i++) {
            assertThat(count(THREE).delay()).isZero();
        }

        assertThat(count(THREE).delay()).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
        assertThat(counted("three")).isEqualTo(3);
        assertThat(counts().values())
                .allSatisfy(window ->
                        assertThat(window.endsAt()).isBetween(start.plusSeconds(299), now().plusSeconds(301)));
    }

    @Test
    void countsAnAttemptUnderAllQuotasOrUnderNone() {
        for (int i = 0; i < 3; i++) {
            assertThat(count(FIVE, THREE).delay()).isZero();
        }

        RateLimitStore.CountResult rejected = count(FIVE, THREE);

        assertThat(rejected.delay()).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
        assertThat(rejected.counts().get("five")).extracting(WindowCount::count).isEqualTo(3);
        assertThat(rejected.counts().get("three"))
                .extracting(WindowCount::count)
                .isEqualTo(3);
        assertThat(counted("five")).isEqualTo(3);
        assertThat(count(FIVE).delay()).isZero();
        assertThat(counted("five")).isEqualTo(4);
    }

    @Test
    void returnsTheLongestDelayOfSeveralFullQuotas() {
        Quota once = new Quota("once", 1, Duration.ofMinutes(5));
        Quota onceInAQuarter = new Quota("quarter", 1, Duration.ofMinutes(15));
        count(once, onceInAQuarter);

        assertThat(count(once, onceInAQuarter).delay()).isGreaterThan(Duration.ofMinutes(14));
        assertThat(count(onceInAQuarter, once).delay()).isGreaterThan(Duration.ofMinutes(14));
    }

    @Test
    void countsKeysSeparately() {
        for (int i = 0; i < 3; i++) {
            count(THREE);
        }

        assertThat(store().increment(key + "-other", List.of(THREE))
                        .orElseThrow()
                        .delay())
                .isZero();
    }

    @Test
    void startsANewWindowAfterTheWindowHasEnded() {
        Quota shortQuota = new Quota("short", 2, SHORT);
        assertThat(count(shortQuota, FIVE).delay()).isZero();
        assertThat(count(shortQuota, FIVE).delay()).isZero();
        assertThat(count(shortQuota, FIVE).delay()).isPositive().isLessThanOrEqualTo(SHORT);

        pass(SHORT);

        assertThat(counts()).containsOnlyKeys("five");
        assertThat(count(shortQuota, FIVE).delay()).isZero();
        assertThat(counted("short")).isEqualTo(1);
        assertThat(counted("five")).isEqualTo(3);
    }

    @Test
    void refundsAnAttempt() {
        RateLimitStore.CountResult first = count(THREE, FIVE);
        count(THREE, FIVE);

        store().refund(key, first.counts());

        assertThat(counted("three")).isEqualTo(1);
        assertThat(counted("five")).isEqualTo(1);
        Map<String, WindowCount> onlyFive = new HashMap<>(first.counts());
        onlyFive.remove("three");
        store().refund(key, onlyFive);
        assertThat(counts()).containsOnlyKeys("three");
    }

    @Test
    void refundsOnlyTheQuotasThatWereCounted() {
        count(THREE.named("other"));
        RateLimitStore.CountResult counted = count(THREE);

        store().refund(key, counted.counts());

        assertThat(counted.counts()).containsOnlyKeys("three");
        assertThat(counts()).containsOnlyKeys("other");
    }

    @Test
    void doesNotRefundAnAttemptInALaterWindow() {
        Quota shortQuota = new Quota("short", 2, SHORT);
        RateLimitStore.CountResult old = count(shortQuota);
        pass(SHORT);
        count(shortQuota);
        count(shortQuota);

        store().refund(key, old.counts());

        assertThat(counted("short")).isEqualTo(2);
        assertThat(count(shortQuota).delay()).isPositive();
    }

    @Test
    void neverDecrementsBelowZero() {
        RateLimitStore.CountResult counted = count(THREE);
        for (int i = 0; i < 5; i++) {
            store().refund(key, counted.counts());
        }

        for (int i = 0; i < 3; i++) {
            assertThat(count(THREE).delay()).isZero();
        }
        assertThat(count(THREE).delay()).isPositive();
    }

    @Test
    void removesTheCountOfOneQuota() {
        count(THREE, FIVE);

        store().refundAsync(key, Map.of(), List.of("three")).run();

        assertThat(counts()).containsOnlyKeys("five");
    }

    @Test
    void clearsAllCountsOfAKey() {
        count(THREE, FIVE);

        assertThat(store().clear(key)).isTrue();

        assertThat(counts()).isEmpty();
        assertThat(store().clear(key)).isTrue();
    }

    @Test
    void acceptsAnyQuotaName() {
        List<Quota> quotas = List.of(
                THREE.named(""),
                THREE.named("from 2001:db8::/64"),
                THREE.named("1 2"),
                THREE.named("'\n\0\"}"),
                THREE.named("\u00e9\ud83d\ude00"));

        assertThat(store().increment(key, quotas).orElseThrow().delay()).isZero();

        assertThat(counts()).containsOnlyKeys(quotas.stream().map(Quota::name).toArray(String[]::new));
        quotas.forEach(quota -> assertThat(counted(quota.name())).isEqualTo(1));
    }

    @Test
    void neverExceedsTheLimitUnderConcurrency() throws Exception {
        Quota hundred = new Quota("hundred", 100, Duration.ofMinutes(5));
        AtomicInteger counted = new AtomicInteger();
        AtomicInteger highest = new AtomicInteger();

        inParallel(64, () -> {
            for (int i = 0; i < 20; i++) {
                RateLimitStore store = store();
                RateLimitStore.CountResult result =
                        store.increment(key, List.of(hundred)).orElseThrow();
                if (!result.delay().isZero()) {
                    continue;
                }
                highest.accumulateAndGet(counted.incrementAndGet(), Math::max);
                if (ThreadLocalRandom.current().nextInt(3) == 0) {
                    counted.decrementAndGet();
                    store.refund(key, result.counts());
                }
            }
        });

        assertThat(highest.get()).isLessThanOrEqualTo(100);
        assertThat(counted.get()).isEqualTo(counted("hundred")).isGreaterThan(90);
    }

    private RateLimitStore.CountResult count(Quota... quotas) {
        return store().increment(key, List.of(quotas)).orElseThrow();
    }

    private int counted(String name) {
        return counts().getOrDefault(name, new WindowCount(0, Instant.EPOCH)).count();
    }

    private Map<String, WindowCount> counts() {
        return store().counts(key).orElseThrow();
    }

    static void inParallel(int threads, Runnable task) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Object>> results =
                    new ArrayList<>(pool.invokeAll(Collections.nCopies(threads, Executors.callable(task))));
            for (Future<Object> result : results) {
                result.get();
            }
        } finally {
            pool.shutdown();
        }
    }
}
