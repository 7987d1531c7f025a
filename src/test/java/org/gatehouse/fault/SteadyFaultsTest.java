package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two nodes read and write without a fault, or with one that does not change the generation of the cache. */
@Tag("fault")
class SteadyFaultsTest {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /** Close to the three seconds for which a node waits. */
    private static final Duration LATE = Duration.ofMillis(2_600);

    private static final TestCluster<Node> site = TestCluster.ofNodes(2);

    @AfterAll
    static void stop() {
        site.close();
    }

    @Test
    void withoutAFaultBothPromisesHold() throws Exception {
        Outcome outcome = Scenario.run("none", site, load -> Pause.of(Scenario.LENGTH));

        outcome.mustHold().mustAnswerEveryRead();
        site.awaitHits(LONGEST); // not immediately, because a busy machine may just have lost the lease
    }

    /** The marks of writes in progress are lost too, so a read may go back. */
    @Test
    void redisForgetsEverythingAgainAndAgain() throws Exception {
        AtomicLong forgotten = new AtomicLong();
        Outcome outcome = Scenario.run(
                "FLUSHALL",
                site,
                load -> Repeat.during(Scenario.LENGTH, () -> {
                    forgotten.addAndGet(site.withRedis(redis -> {
                        long keys = redis.dbsize();
                        redis.flushall();
                        return keys;
                    }));
                    Pause.millis(ThreadLocalRandom.current().nextInt(200));
                }));

        outcome.mustShowWhatWasAcknowledged().mustAnswerEveryRead();
        assertThat(forgotten).as("keys forgotten").hasValueGreaterThan(50);
        site.awaitHits(LONGEST); // not immediately, because a busy machine may just have lost the lease
    }

    /** The marks of writes in progress may be evicted too, so a read may go back. */
    @Test
    void redisEvictsEntriesWhenItsMemoryIsFull() throws Exception {
        String ballast = "x".repeat(20_000);
        Outcome outcome = Scenario.run("maxmemory 2 MB, allkeys-lru", site, load -> {
            site.withRedis(redis -> redis.configSet("maxmemory-policy", "allkeys-lru"));
            site.withRedis(redis -> redis.configSet("maxmemory", "2mb"));
            Repeat.during(Scenario.LENGTH, () -> {
                site.withRedis(redis -> {
                    for (int i = 0; i < 150; i++) {
                        redis.set("ballast-" + i, ballast);
                    }
                    return null;
                });
                Pause.millis(50);
            });
            site.withRedis(redis -> redis.configSet("maxmemory", "0"));
        });

        outcome.mustShowWhatWasAcknowledged().mustAnswerEveryRead();
        assertThat(figure(site, "stats", "evicted_keys")).as("evicted keys").isGreaterThan(50);
    }

    @Test
    void mongoAnswersChangesLate() throws Exception {
        Outcome outcome = Scenario.run("MongoDB answers changes after 2.6-3.4 s", site, load -> {
            site.nodes()
                    .forEach(node -> node.mongo().hold(Direction.TO_CLIENT, request -> {
                        ThreadLocalRandom random = ThreadLocalRandom.current();
                        return request.contains("findAndModify") && random.nextInt(3) == 0
                                ? LATE.plusMillis(random.nextInt(800))
                                : Duration.ZERO;
                    }));
            Pause.of(Scenario.LENGTH.plusSeconds(1));
            await().atMost(LONGEST)
                    .until(() ->
                            load.unknownChanges() > 0 && load.slowestChange().compareTo(LATE) > 0);
            site.nodes().forEach(node -> node.mongo().restore());
        });

        outcome.mustHold().mustAnswerEveryRead();
        assertThat(outcome.verdict().unknown()).as("changes of unknown outcome").isPositive();
        assertThat(outcome.slowestChange()).isGreaterThan(LATE);
    }

    /** Returns a number from INFO. */
    private static long figure(TestCluster<?> site, String section, String name) {
        return site.withRedis(redis -> redis.info(section))
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .mapToLong(
                        line -> Long.parseLong(line.substring(name.length() + 1).strip()))
                .findFirst()
                .orElseThrow();
    }
}
