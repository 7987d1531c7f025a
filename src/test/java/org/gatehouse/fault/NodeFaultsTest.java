package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gatehouse.Node;
import org.gatehouse.TimeLimit;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** One of two nodes is paused, killed, or slow at the worst moment. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class NodeFaultsTest {
    /** The node that the fault affects runs as a separate process. */
    private static final int STRUCK = 0;

    private static final int OTHER = 1;

    /** Shorter than the three seconds for which a node waits for MongoDB's reply to a change. */
    private static final Duration BEFORE_IT_GIVES_UP = Duration.ofMillis(2_800);

    private static final Duration LONGEST = Duration.ofSeconds(60);

    @Test
    void oneNodeStandsStillForAWhile() throws Exception {
        try (TestCluster<ServiceClient> site = TestCluster.of(List.of(NodeProcess::start, Node::start))) {
            NodeProcess struck = (NodeProcess) site.node(STRUCK);
            Outcome outcome = Scenario.run("SIGSTOP node A 0.05-5 s", site, load -> {
                for (long millis : Repeat.lengths(50, 400, 5_000)) {
                    struck.pause();
                    try {
                        CompletableFuture<?> asked = CompletableFuture.runAsync(
                                () -> load.read(STRUCK, site.keys().get(0)));
                        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
                        while (System.nanoTime() < end) {
                            // The node will have missed these changes when it resumes.
                            site.keys().forEach(key -> load.write(OTHER, key));
                        }
                        assertThat(asked)
                                .as("the answer of a node that stands still")
                                .isNotDone();
                    } finally {
                        struck.resume();
                    }
                    site.keys().forEach(key -> load.read(STRUCK, key));
                }
            });

            outcome.mustHold();
        }
    }

    @Test
    @Tag("smoke")
    void oneNodeDiesBetweenTheChangeAndTheEndOfIt() throws Exception {
        try (TestCluster<ServiceClient> site = TestCluster.of(List.of(NodeProcess::start, Node::start))) {
            NodeProcess struck = (NodeProcess) site.node(STRUCK);
            site.awaitHits(LONGEST);
            List<String> victims = site.sparedKeys();
            Outcome outcome = Scenario.strike("kill -9 node A between MongoDB and END", site, load -> {
                Map<String, Long> before = site.stored();
                List<String> ids = victims.stream().map(TestCluster::raw).toList();
                site.nodes()
                        .get(STRUCK)
                        .mongo()
                        .hold(
                                Direction.TO_CLIENT,
                                request -> request.contains("findAndModify")
                                                && ids.stream().anyMatch(request::contains)
                                        ? LONGEST
                                        : Duration.ZERO);
                List<CompletableFuture<Boolean>> changes = victims.stream()
                        .map(key -> CompletableFuture.supplyAsync(() -> load.write(STRUCK, key)))
                        .toList();
                await().pollInterval(Duration.ofMillis(20))
                        .atMost(BEFORE_IT_GIVES_UP)
                        .until(() -> victims.stream().allMatch(key -> isNewer(site, before, key)));
                struck.kill();

                assertThat(victims).allMatch(key -> site.inRedis(key).startsWith("T "));
                victims.forEach(key -> load.read(OTHER, key));
                assertThat(changes).noneMatch(CompletableFuture::join);
                Pause.of(Scenario.LENGTH);
                victims.forEach(key -> load.read(OTHER, key));
            });

            outcome.mustHold();
            assertThat(outcome.verdict().unknown()).isGreaterThanOrEqualTo(victims.size());
            await("the mark of the dead node goes")
                    .atMost(TimeLimit.of(Duration.ofSeconds(8)))
                    .until(() -> {
                        victims.forEach(key -> site.node(OTHER).get("/user/" + key, site.token()));
                        return victims.stream()
                                .allMatch(key -> site.inRedis(key).startsWith("V"));
                    });
        }
    }

    private static boolean isNewer(TestCluster<?> site, Map<String, Long> before, String key) {
        return site.stored().getOrDefault(key, 0L) > before.getOrDefault(key, 0L);
    }

    @Test
    void oneNodeStoresWhatItLoadedLongAgo() throws Exception {
        Alteration slow = new Alteration(
                "cache/DocumentCache.java",
                "Script.FILL.execute(",
                "Threads.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextInt(4_000)));\nScript.FILL.execute(");
        try (TestCluster<ServiceClient> site =
                TestCluster.of(List.of(Node::start, settings -> NodeProcess.start(settings, slow.classPath())))) {
            Outcome outcome = Scenario.run("FILL delayed 0-4 s", site, load -> Pause.of(Scenario.LENGTH));

            outcome.mustHold();
            assertThat(outcome.slowestRead()).isGreaterThan(Duration.ofSeconds(1));
        }
    }
}
