package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.gatehouse.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.fault.TcpProxy.Direction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The link between Redis and one of two nodes is slow, stalled or cut. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class LinkFaultsTest {
    private static final int STRUCK = 0;

    /** Redis executes the commands, but the node does not receive the replies. */
    @Test
    void theAnswersOfRedisAreLate() throws Exception {
        stalled("stall Redis -> node", Direction.TO_CLIENT);
    }

    /** Redis executes commands long after the node has given up on them. */
    @Test
    void theCommandsToRedisAreLate() throws Exception {
        stalled("stall node -> Redis", Direction.TO_SERVER);
    }

    private static void stalled(String name, Direction direction) throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            TcpProxy link = site.nodes().get(0).redis();
            Outcome outcome = Scenario.run(name, site, load -> {
                for (long millis : Repeat.lengths(100, 400, 2_500)) {
                    link.stall(direction);
                    Pause.millis(millis);
                    link.restore();
                    Pause.millis(300);
                }
                link.stall(direction);
                load.write(STRUCK, site.keys().get(0)); // Redis cannot be notified of it
                link.restore();
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(link.lateBytes()).as("bytes that were late").isPositive();
            assertThat(outcome.raises()).isPositive();
        }
    }

    @Test
    void theWayToRedisIsSlow() throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            TcpProxy link = site.nodes().get(0).redis();
            Outcome outcome = Scenario.run("delay node <-> Redis 0-250 ms", site, load -> {
                Repeat.during(Scenario.LENGTH, () -> {
                    Duration delay =
                            Duration.ofMillis(ThreadLocalRandom.current().nextInt(250));
                    link.delay(
                            ThreadLocalRandom.current().nextBoolean() ? Direction.TO_SERVER : Direction.TO_CLIENT,
                            delay);
                    Pause.millis(200);
                });
                link.restore();
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(link.lateBytes()).as("bytes that were late").isPositive();
        }
    }

    @Test
    @Tag("smoke")
    void oneNodeIsCutOffFromRedis() throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            TcpProxy link = site.nodes().get(0).redis();
            Outcome outcome = Scenario.run("cut node A from Redis", site, load -> {
                Pause.of(Scenario.LENGTH.dividedBy(6));
                link.cut();
                load.write(STRUCK, site.keys().get(0)); // Redis cannot be notified of it
                Pause.of(Scenario.LENGTH);
                link.restore();
                Pause.of(Scenario.LENGTH.dividedBy(6));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(link.rejections()).as("refused connections").isGreaterThan(2);
            assertThat(outcome.raises()).isPositive();
        }
    }
}
