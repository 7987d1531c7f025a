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

/** What all {@link Counters} promise; each implementation runs all of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CountersContract {
    static final Duration SHORT = Duration.ofSeconds(2);

    private static final Quota THREE = new Quota("three", 3, Duration.ofMinutes(5));
    private static final Quota FIVE = new Quota("five", 5, Duration.ofMinutes(15));

    private static final AtomicInteger number = new AtomicInteger();

    private String key = "";

    /** The counters under test, seen from one node or another; all of them share their counts. */
    abstract Counters counters();

    /** The time by which the windows end. */
    abstract Instant now();

    /** Returns when this time has passed for the counters. */
    abstract void pass(Duration time);

    @BeforeEach
    void takeANewKey() {
        key = "key-" + number.incrementAndGet();
    }

    @Test
    void countUntilTheLimitAndThenSayHowLongToWait() {
        Instant begun = now();
        for (int i = 0; i < 3; i++) {
            assertThat(count(THREE).delay()).isZero();
        }

        assertThat(count(THREE).delay()).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
        assertThat(counted("three")).isEqualTo(3);
        assertThat(tallies().values())
                .allSatisfy(
                        tally -> assertThat(tally.endsAt()).isBetween(begun.plusSeconds(299), now().plusSeconds(301)));
    }

    @Test
    void countUnderAllQuotasOrUnderNone() {
        for (int i = 0; i < 3; i++) {
            assertThat(count(FIVE, THREE).delay()).isZero();
        }

        Count refused = count(FIVE, THREE);

        assertThat(refused.delay()).isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
        assertThat(refused.tallies().get("five")).extracting(Tally::count).isEqualTo(3);
        assertThat(refused.tallies().get("three")).extracting(Tally::count).isEqualTo(3);
        assertThat(counted("five")).isEqualTo(3);
        assertThat(count(FIVE).delay()).isZero();
        assertThat(counted("five")).isEqualTo(4);
    }

    @Test
    void makeWaitForTheLastOfSeveralFullQuotas() {
        Quota once = new Quota("once", 1, Duration.ofMinutes(5));
        Quota onceInAQuarter = new Quota("quarter", 1, Duration.ofMinutes(15));
        count(once, onceInAQuarter);

        assertThat(count(once, onceInAQuarter).delay()).isGreaterThan(Duration.ofMinutes(14));
        assertThat(count(onceInAQuarter, once).delay()).isGreaterThan(Duration.ofMinutes(14));
    }

    @Test
    void keepKeysApart() {
        for (int i = 0; i < 3; i++) {
            count(THREE);
        }

        assertThat(counters()
                        .count(key + "-other", List.of(THREE))
                        .orElseThrow()
                        .delay())
                .isZero();
    }

    @Test
    void beginANewWindowWhenOneHasEnded() {
        Quota brief = new Quota("brief", 2, SHORT);
        assertThat(count(brief, FIVE).delay()).isZero();
        assertThat(count(brief, FIVE).delay()).isZero();
        assertThat(count(brief, FIVE).delay()).isPositive().isLessThanOrEqualTo(SHORT);

        pass(SHORT);

        assertThat(tallies()).containsOnlyKeys("five");
        assertThat(count(brief, FIVE).delay()).isZero();
        assertThat(counted("brief")).isEqualTo(1);
        assertThat(counted("five")).isEqualTo(3);
    }

    @Test
    void takeBackWhatWasCounted() {
        Count first = count(THREE, FIVE);
        count(THREE, FIVE);

        counters().giveBack(key, first.tallies());

        assertThat(counted("three")).isEqualTo(1);
        assertThat(counted("five")).isEqualTo(1);
        Map<String, Tally> onlyFive = new HashMap<>(first.tallies());
        onlyFive.remove("three");
        counters().giveBack(key, onlyFive);
        assertThat(tallies()).containsOnlyKeys("three");
    }

    @Test
    void takeNothingBackFromOtherNamesOfTheKey() {
        count(THREE.named("other"));
        Count counted = count(THREE);

        counters().giveBack(key, counted.tallies());

        assertThat(counted.tallies()).containsOnlyKeys("three");
        assertThat(tallies()).containsOnlyKeys("other");
    }

    @Test
    void takeNothingBackFromAnotherWindowThanTheOneCountedIn() {
        Quota brief = new Quota("brief", 2, SHORT);
        Count old = count(brief);
        pass(SHORT);
        count(brief);
        count(brief);

        counters().giveBack(key, old.tallies());

        assertThat(counted("brief")).isEqualTo(2);
        assertThat(count(brief).delay()).isPositive();
    }

    @Test
    void neverGoBelowNothing() {
        Count counted = count(THREE);
        for (int i = 0; i < 5; i++) {
            counters().giveBack(key, counted.tallies());
        }

        for (int i = 0; i < 3; i++) {
            assertThat(count(THREE).delay()).isZero();
        }
        assertThat(count(THREE).delay()).isPositive();
    }

    @Test
    void forgetOneName() {
        count(THREE, FIVE);

        counters().forget(key, "three");

        assertThat(tallies()).containsOnlyKeys("five");
    }

    @Test
    void clearAllOfAKey() {
        count(THREE, FIVE);

        assertThat(counters().clear(key)).isTrue();

        assertThat(tallies()).isEmpty();
        assertThat(counters().clear(key)).isTrue();
    }

    @Test
    void takeNamesOfAnyKind() {
        List<Quota> quotas = List.of(
                THREE.named(""),
                THREE.named("from 2001:db8::/64"),
                THREE.named("1 2"),
                THREE.named("'\n\0\"}"),
                THREE.named("\u00e9\ud83d\ude00"));

        assertThat(counters().count(key, quotas).orElseThrow().delay()).isZero();

        assertThat(tallies()).containsOnlyKeys(quotas.stream().map(Quota::name).toArray(String[]::new));
        quotas.forEach(quota -> assertThat(counted(quota.name())).isEqualTo(1));
    }

    @Test
    void neverHoldMoreThanTheLimitHoweverManyCountAtOnce() throws Exception {
        Quota hundred = new Quota("hundred", 100, Duration.ofMinutes(5));
        AtomicInteger standing = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();

        inParallel(64, () -> {
            for (int i = 0; i < 20; i++) {
                Counters counters = counters();
                Count count = counters.count(key, List.of(hundred)).orElseThrow();
                if (!count.delay().isZero()) {
                    continue;
                }
                most.accumulateAndGet(standing.incrementAndGet(), Math::max);
                if (ThreadLocalRandom.current().nextInt(3) == 0) {
                    standing.decrementAndGet();
                    counters.giveBack(key, count.tallies());
                }
            }
        });

        assertThat(most.get()).isLessThanOrEqualTo(100);
        assertThat(standing.get()).isEqualTo(counted("hundred")).isGreaterThan(90);
    }

    private Count count(Quota... quotas) {
        return counters().count(key, List.of(quotas)).orElseThrow();
    }

    private int counted(String name) {
        return tallies().getOrDefault(name, new Tally(0, Instant.EPOCH)).count();
    }

    private Map<String, Tally> tallies() {
        return counters().tallies(key).orElseThrow();
    }

    static void inParallel(int threads, Runnable work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Object>> results =
                    new ArrayList<>(pool.invokeAll(Collections.nCopies(threads, Executors.callable(work))));
            for (Future<Object> result : results) {
                result.get();
            }
        } finally {
            pool.shutdown();
        }
    }
}
