package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.Node;
import org.gatehouse.TimeLimit;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.fault.Scenario.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Redis is killed, restarted, restored and stopped while two nodes read and write. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class RedisFaultsTest {
    private static final Duration HITS_AGAIN = TimeLimit.of(Duration.ofSeconds(10));
    private static final Duration THIRD = Scenario.LENGTH.dividedBy(3);

    @Test
    @Tag("smoke")
    void redisIsKilledAndRestartedAtOnce() throws Exception {
        killed("kill -9 Redis, restart at once", Duration.ZERO);
    }

    @Test
    void redisIsKilledAndRestartedAfterThreeSeconds() throws Exception {
        killed("kill -9 Redis, restart after 3 s", Duration.ofSeconds(3));
    }

    private static void killed(String name, Duration away) throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            AtomicLong returned = new AtomicLong();
            Outcome outcome = Scenario.run(name, site, load -> {
                Pause.of(THIRD);
                site.stores().redis().kill();
                Pause.of(away);
                site.stores().redis().restart();
                returned.set(System.nanoTime());
                Pause.of(THIRD.multipliedBy(2));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(outcome.raises()).as("raises for the new run").isPositive();
            site.awaitHits(HITS_AGAIN.minusNanos(System.nanoTime() - returned.get()));
        }
    }

    @Test
    void redisReturnsWithAnOldSnapshot() throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            AtomicLong restored = new AtomicLong();
            Outcome outcome = Scenario.run("Redis restarted from an old snapshot", site, load -> {
                site.withRedis(RedisCommands::save);
                site.sparedKeys().forEach(key -> load.write(0, key));
                Pause.of(THIRD);
                site.stores().redis().restart();
                restored.set(site.staleEntries(site.stores().redis()));
                Pause.of(THIRD.multipliedBy(2));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(restored).as("old entries that came back").hasValueGreaterThan(0);
            assertThat(outcome.raises()).as("raises for the new run").isPositive();
            site.awaitHits(HITS_AGAIN);
        }
    }

    @Test
    void redisStandsStillForAWhile() throws Exception {
        try (TestCluster<Node> site = TestCluster.ofNodes(2)) {
            EmbeddedRedis redis = site.stores().redis();
            AtomicBoolean answered = new AtomicBoolean();
            Outcome outcome = Scenario.run("SIGSTOP Redis 0.1-3 s", site, load -> {
                for (long millis : Repeat.lengths(100, 300, 3_000)) {
                    redis.pause();
                    try {
                        Pause.millis(millis);
                        answered.compareAndSet(false, redis.answersWithin(Duration.ofMillis(50)));
                    } finally {
                        redis.resume();
                    }
                    Pause.millis(500);
                }
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(answered).as("Redis answered while it stood still").isFalse();
            assertThat(outcome.raises()).isPositive();
        }
    }
}
