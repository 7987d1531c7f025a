package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.gatehouse.app.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests two nodes that read and write while the link between Redis and one of the nodes is slow, stalled or cut. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "org.gatehouse.access", mode = ResourceAccessMode.READ)
class LinkFaultsTest {
    private static final int AFFECTED = 0;

    /** Redis executes the commands, but the node does not receive the replies. */
    @Test
    void promisesHoldIfRepliesOfRedisAreLate() throws Exception {
        checkStalls("stall Redis -> node", Direction.TO_CLIENT);
    }

    /** Redis executes the commands long after the node has stopped waiting for the replies. */
    @Test
    void promisesHoldIfCommandsToRedisAreLate() throws Exception {
        checkStalls("stall node -> Redis", Direction.TO_SERVER);
    }

    private static void checkStalls(String name, Direction direction) throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            TcpProxy link = cluster.nodes().get(0).redis();
            Outcome outcome = Scenario.run(name, cluster, load -> {
                for (long millis : Repeat.lengths(100, 400, 2_500)) {
                    link.stall(direction);
                    Sleep.millis(millis);
                    link.restore();
                    Sleep.millis(300);
                }
                link.stall(direction);
                load.write(AFFECTED, cluster.keys().get(0)); // the node cannot notify Redis of this write
                link.restore();
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(link.lateBytes()).as("bytes that were late").isPositive();
            assertThat(outcome.increments()).isPositive();
        }
    }

    @Test
    void promisesHoldIfTheLinkToRedisIsSlow() throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            TcpProxy link = cluster.nodes().get(0).redis();
            Outcome outcome = Scenario.run("delay node <-> Redis 0-250 ms", cluster, load -> {
                Repeat.during(Scenario.LENGTH, () -> {
                    Duration delay =
                            Duration.ofMillis(ThreadLocalRandom.current().nextInt(250));
                    link.delay(
                            ThreadLocalRandom.current().nextBoolean() ? Direction.TO_SERVER : Direction.TO_CLIENT,
                            delay);
                    Sleep.millis(200);
                });
                link.restore();
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(link.lateBytes()).as("bytes that were late").isPositive();
        }
    }

    @Test
    @Tag("smoke")
    void promisesHoldIfOneNodeCannotReachRedis() throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            TcpProxy link = cluster.nodes().get(0).redis();
            Outcome outcome = Scenario.run("cut node A from Redis", cluster, load -> {
                Sleep.of(Scenario.LENGTH.dividedBy(6));
                link.cut();
                load.write(AFFECTED, cluster.keys().get(0)); // the node cannot notify Redis of this write
                Sleep.of(Scenario.LENGTH);
                link.restore();
                Sleep.of(Scenario.LENGTH.dividedBy(6));
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(link.refusedConnections()).as("refused connections").isGreaterThan(2);
            assertThat(outcome.increments()).isPositive();
        }
    }
}
