package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.gatehouse.Node;
import org.gatehouse.fault.Scenario.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Redis is killed, restarted, emptied, filled, stopped and restored while two nodes read and write. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class RedisFaultsTest {
    private static final Duration HITS_AGAIN = Duration.ofSeconds(10);

    @Test
    void withoutAFaultBothPromisesHold() throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
            Outcome outcome = Scenario.run("none", site, load -> Pause.of(Scenario.LENGTH));

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(site.hitShare(site.keys())).isGreaterThan(0.9);
        }
    }

    @Test
    void redisIsKilledAndRestartedAtOnce() throws Exception {
        killed("kill -9 Redis, restart at once", Duration.ZERO);
    }

    @Test
    void redisIsKilledAndRestartedAfterThreeSeconds() throws Exception {
        killed("kill -9 Redis, restart after 3 s", Duration.ofSeconds(3));
    }

    private static void killed(String name, Duration away) throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
            long[] returned = new long[1];
            Outcome outcome = Scenario.run(name, site, load -> {
                Pause.of(Scenario.LENGTH.dividedBy(3));
                site.stores().redis().kill();
                Pause.of(away);
                site.stores().redis().restart();
                returned[0] = System.nanoTime();
                Pause.of(Scenario.LENGTH.dividedBy(3).multipliedBy(2));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(outcome.raises()).as("raises for the new run").isPositive();
            site.awaitHits(HITS_AGAIN.minusNanos(System.nanoTime() - returned[0]));
        }
    }
}
