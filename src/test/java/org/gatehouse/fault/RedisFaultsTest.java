package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.Scenario.Outcome;
import org.gatehouse.testing.TimeLimit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests two nodes that read and write while Redis is killed, restarted, restored or paused. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "org.gatehouse.access", mode = ResourceAccessMode.READ)
class RedisFaultsTest {
    private static final Duration HITS_TIMEOUT = TimeLimit.of(Duration.ofSeconds(10));
    private static final Duration THIRD = Scenario.LENGTH.dividedBy(3);

    @Test
    @Tag("smoke")
    void promisesHoldIfRedisRestartsAtOnce() throws Exception {
        checkRestart("kill -9 Redis, restart at once", Duration.ZERO);
    }

    @Test
    void promisesHoldIfRedisRestartsAfterThreeSeconds() throws Exception {
        checkRestart("kill -9 Redis, restart after 3 s", Duration.ofSeconds(3));
    }

    private static void checkRestart(String name, Duration downtime) throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            AtomicLong returned = new AtomicLong();
            Outcome outcome = Scenario.run(name, cluster, load -> {
                Sleep.of(THIRD);
                cluster.stores().redis().kill();
                Sleep.of(downtime);
                cluster.stores().redis().restart();
                returned.set(System.nanoTime());
                Sleep.of(THIRD.multipliedBy(2));
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(outcome.increments()).as("increments of the generation").isPositive();
            cluster.awaitHits(HITS_TIMEOUT.minusNanos(System.nanoTime() - returned.get()));
        }
    }

    @Test
    void promisesHoldIfRedisReturnsWithAnOldSnapshot() throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            AtomicLong restored = new AtomicLong();
            Outcome outcome = Scenario.run("Redis restarted from an old snapshot", cluster, load -> {
                cluster.withRedis(RedisCommands::save);
                cluster.reservedKeys().forEach(key -> load.write(0, key));
                Sleep.of(THIRD);
                cluster.stores().redis().restart();
                restored.set(cluster.staleEntries(cluster.stores().redis()));
                Sleep.of(THIRD.multipliedBy(2));
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(restored).as("stale entries in the snapshot").hasValueGreaterThan(0);
            assertThat(outcome.increments()).as("increments of the generation").isPositive();
            cluster.awaitHits(HITS_TIMEOUT);
        }
    }

    @Test
    void promisesHoldIfRedisPauses() throws Exception {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(2)) {
            EmbeddedRedis redis = cluster.stores().redis();
            AtomicBoolean replied = new AtomicBoolean();
            Outcome outcome = Scenario.run("SIGSTOP Redis 0.1-3 s", cluster, load -> {
                for (long millis : Repeat.lengths(100, 300, 3_000)) {
                    redis.pause();
                    try {
                        Sleep.millis(millis);
                        replied.compareAndSet(false, redis.repliesWithin(Duration.ofMillis(50)));
                    } finally {
                        redis.resume();
                    }
                    Sleep.millis(500);
                }
            });

            outcome.assertPromisesHold().assertEveryReadSucceeded();
            assertThat(replied).as("Redis replied during the pause").isFalse();
            assertThat(outcome.increments()).isPositive();
        }
    }
}
