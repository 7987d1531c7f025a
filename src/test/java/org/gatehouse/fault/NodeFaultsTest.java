package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.gatehouse.app.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.gatehouse.testing.TimeLimit;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests two nodes that read and write while one of the nodes is paused, killed or slow. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "org.gatehouse.access", mode = ResourceAccessMode.READ)
class NodeFaultsTest {
    /** The index of the node that the fault affects. This node runs as a separate process. */
    private static final int AFFECTED = 0;

    private static final int OTHER = 1;

    /** This time is shorter than the 3 s for which a node waits for MongoDB's reply to a change. */
    private static final Duration BEFORE_ITS_TIMEOUT = Duration.ofMillis(2_800);

    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    @Test
    void promisesHoldIfANodePauses() throws Exception {
        try (TestCluster<ServiceClient> cluster = TestCluster.of(List.of(NodeProcess::start, Node::start))) {
            NodeProcess affected = (NodeProcess) cluster.node(AFFECTED);
            Outcome outcome = Scenario.run("SIGSTOP node A 0.05-5 s", cluster, load -> {
                for (long millis : Repeat.lengths(50, 400, 5_000)) {
                    affected.pause();
                    CompletableFuture<?> pendingRead = CompletableFuture.runAsync(
                            () -> load.read(AFFECTED, cluster.keys().get(0)));
                    try {
                        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
                        while (System.nanoTime() < end) {
                            // The paused node does not notice these changes.
                            cluster.keys().forEach(key -> load.write(OTHER, key));
                        }
                        assertThat(pendingRead)
                                .as("the response of a paused node")
                                .isNotDone();
                    } finally {
                        affected.resume();
                    }
                    pendingRead.join();
                    cluster.keys().forEach(key -> load.read(AFFECTED, key));
                }
            });

            outcome.assertPromisesHold();
        }
    }

    @Test
    @Tag("smoke")
    void promisesHoldIfANodeIsKilledBetweenAWriteAndItsEnd() throws Exception {
        try (TestCluster<ServiceClient> cluster = TestCluster.of(List.of(NodeProcess::start, Node::start))) {
            NodeProcess affected = (NodeProcess) cluster.node(AFFECTED);
            cluster.awaitHits(WAIT_TIMEOUT);
            List<String> reservedUsers = cluster.reservedKeys();
            Outcome outcome = Scenario.runOnCurrentUsers("kill -9 node A between MongoDB and END", cluster, load -> {
                Map<String, Long> before = cluster.stored();
                List<String> ids = reservedUsers.stream().map(TestCluster::raw).toList();
                cluster.nodes()
                        .get(AFFECTED)
                        .mongo()
                        .hold(
                                Direction.TO_CLIENT,
                                request -> request.contains("findAndModify")
                                                && ids.stream().anyMatch(request::contains)
                                        ? WAIT_TIMEOUT
                                        : Duration.ZERO);
                List<CompletableFuture<Boolean>> changes = reservedUsers.stream()
                        .map(key -> CompletableFuture.supplyAsync(() -> load.write(AFFECTED, key)))
                        .toList();
                await().pollInterval(Duration.ofMillis(20))
                        .atMost(BEFORE_ITS_TIMEOUT)
                        .until(() -> reservedUsers.stream().allMatch(key -> isNewer(cluster, before, key)));
                affected.kill();

                assertThat(reservedUsers)
                        .allMatch(key -> cluster.entryInRedis(key).startsWith("T "));
                reservedUsers.forEach(key -> load.read(OTHER, key));
                assertThat(changes).noneMatch(CompletableFuture::join);
                Sleep.of(Scenario.LENGTH);
                reservedUsers.forEach(key -> load.read(OTHER, key));
            });

            outcome.assertPromisesHold();
            assertThat(outcome.verdict().unknown()).isGreaterThanOrEqualTo(reservedUsers.size());
            await("the mark of the killed node expires")
                    .atMost(TimeLimit.of(Duration.ofSeconds(8)))
                    .until(() -> {
                        reservedUsers.forEach(key -> cluster.node(OTHER).get("/user/" + key, cluster.token()));
                        return reservedUsers.stream()
                                .allMatch(key -> cluster.entryInRedis(key).startsWith("V"));
                    });
        }
    }

    private static boolean isNewer(TestCluster<?> cluster, Map<String, Long> before, String key) {
        return cluster.stored().getOrDefault(key, 0L) > before.getOrDefault(key, 0L);
    }

    @Test
    void promisesHoldIfANodeFillsLate() throws Exception {
        Alteration slow = new Alteration(
                "cache/DocumentCache.java",
                "Script.FILL.execute(",
                "Threads.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextInt(4_000)));\nScript.FILL.execute(");
        try (TestCluster<ServiceClient> cluster = TestCluster.of(
                List.of(Node::start, settings -> NodeProcess.start(settings, Alteration.classPath(List.of(slow)))))) {
            Outcome outcome = Scenario.run("FILL delayed 0-4 s", cluster, load -> {
                // Changes store their results in the cache, so that reads rarely load users that are not evicted.
                long end = System.nanoTime() + Scenario.LENGTH.toNanos();
                while (System.nanoTime() < end) {
                    cluster.evictEntries(cluster.commonKeys());
                    Sleep.millis(200);
                }
            });

            outcome.assertPromisesHold();
            assertThat(outcome.slowestRead()).isGreaterThan(Duration.ofSeconds(1));
        }
    }
}
