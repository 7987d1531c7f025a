package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.app.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests two nodes that read and write without a fault, or during a fault that does not change the generation. */
@Tag("fault")
class SteadyFaultsTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    /** Slightly shorter than the 3 s for which a node waits for MongoDB's reply to a change. */
    private static final Duration LATE = Duration.ofMillis(2_600);

    private static final TestCluster<Node> cluster = TestCluster.ofNodes(2);

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void withoutAFaultBothPromisesHold() throws Exception {
        Outcome outcome = Scenario.run("none", cluster, load -> Sleep.of(Scenario.LENGTH));

        outcome.assertPromisesHold().assertEveryReadSucceeded();
        assertThat(outcome.nearHits()).as("reads that copies answered").isPositive();
        // The test waits for hits, because a node may have lost its lease if the machine is busy.
        cluster.awaitHits(WAIT_TIMEOUT);
    }

    /**
     * Redis also loses the marks (T) of writes in progress. Therefore a read may return an older version than the read
     * before it.
     */
    @Test
    void acknowledgedWritesAreSeenIfRedisLosesItsDataRepeatedly() throws Exception {
        AtomicLong lostKeys = new AtomicLong();
        Outcome outcome = Scenario.run(
                "FLUSHALL",
                cluster,
                load -> Repeat.during(Scenario.LENGTH, () -> {
                    lostKeys.addAndGet(cluster.withRedis(redis -> {
                        long keys = redis.dbsize();
                        redis.flushall();
                        return keys;
                    }));
                    Sleep.millis(ThreadLocalRandom.current().nextInt(200));
                }));

        outcome.assertAcknowledgedWritesSeen().assertEveryReadSucceeded();
        assertThat(lostKeys).as("lost keys").hasValueGreaterThan(50);
        // The test waits for hits, because a node may have lost its lease if the machine is busy.
        cluster.awaitHits(WAIT_TIMEOUT);
    }

    /**
     * Redis may also evict the marks (T) of writes in progress. Therefore a read may return an older version than the
     * read before it.
     */
    @Test
    void acknowledgedWritesAreSeenIfRedisEvictsEntries() throws Exception {
        String filler = "x".repeat(20_000);
        Outcome outcome = Scenario.run("maxmemory 2 MB, allkeys-lru", cluster, load -> {
            cluster.withRedis(redis -> redis.configSet("maxmemory-policy", "allkeys-lru"));
            cluster.withRedis(redis -> redis.configSet("maxmemory", "2mb"));
            Repeat.during(Scenario.LENGTH, () -> {
                cluster.withRedis(redis -> {
                    for (int i = 0; i < 150; i++) {
                        redis.set("filler-" + i, filler);
                    }
                    return null;
                });
                Sleep.millis(50);
            });
            cluster.withRedis(redis -> redis.configSet("maxmemory", "0"));
        });

        outcome.assertAcknowledgedWritesSeen().assertEveryReadSucceeded();
        assertThat(infoNumber(cluster, "stats", "evicted_keys"))
                .as("evicted keys")
                .isGreaterThan(50);
    }

    @Test
    void promisesHoldIfMongoDbRepliesToChangesLate() throws Exception {
        Outcome outcome = Scenario.run("MongoDB replies to changes after 2.6-3.4 s", cluster, load -> {
            cluster.nodes()
                    .forEach(node -> node.mongo().hold(Direction.TO_CLIENT, request -> {
                        ThreadLocalRandom random = ThreadLocalRandom.current();
                        return request.contains("findAndModify") && random.nextInt(3) == 0
                                ? LATE.plusMillis(random.nextInt(800))
                                : Duration.ZERO;
                    }));
            Sleep.of(Scenario.LENGTH.plusSeconds(1));
            await().atMost(WAIT_TIMEOUT)
                    .until(() ->
                            load.unknownChanges() > 0 && load.slowestChange().compareTo(LATE) > 0);
            cluster.nodes().forEach(node -> node.mongo().restore());
        });

        outcome.assertPromisesHold().assertEveryReadSucceeded();
        assertThat(outcome.verdict().unknown()).as("changes of unknown outcome").isPositive();
        assertThat(outcome.slowestChange()).isGreaterThan(LATE);
    }

    /** Returns a number from the reply of Redis to INFO. */
    private static long infoNumber(TestCluster<?> cluster, String section, String name) {
        return cluster.withRedis(redis -> redis.info(section))
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .mapToLong(
                        line -> Long.parseLong(line.substring(name.length() + 1).strip()))
                .findFirst()
                .orElseThrow();
    }
}
