package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.gatehouse.Node;
import org.gatehouse.dev.EmbeddedRedis;
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
    private static final Duration THIRD = Scenario.LENGTH.dividedBy(3);

    @Test
    void withoutAFaultBothPromisesHold() throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
            Outcome outcome = Scenario.run("none", site, load -> Pause.of(Scenario.LENGTH));

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(site.hitShare(site.keys())).as("hits").isGreaterThan(0.9);
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
        try (Site<Node> site = Site.ofNodes(2)) {
            AtomicLong restored = new AtomicLong();
            Outcome outcome = Scenario.run("Redis restarted from an old snapshot", site, load -> {
                site.withRedis(RedisCommands::save);
                Pause.of(THIRD);
                site.stores().redis().restart();
                restored.set(site.withRedis(redis -> redis.keys("u:*")).size());
                Pause.of(THIRD.multipliedBy(2));
            });

            outcome.mustHold().mustAnswerEveryRead();
            assertThat(restored).as("old entries that came back").hasValueGreaterThan(0);
            assertThat(outcome.raises()).as("raises for the new run").isPositive();
            site.awaitHits(HITS_AGAIN);
        }
    }

    /** The marks of writes in progress are lost too, so a read may go back. */
    @Test
    void redisForgetsEverythingAgainAndAgain() throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
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
            assertThat(site.hitShare(site.keys())).as("hits").isGreaterThan(0.9);
        }
    }

    /** As above. */
    @Test
    void redisEvictsWhatItHasNoRoomFor() throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
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
            });

            outcome.mustShowWhatWasAcknowledged().mustAnswerEveryRead();
            assertThat(figure(site, "stats", "evicted_keys")).as("evicted keys").isGreaterThan(50);
        }
    }

    @Test
    void redisStandsStillForAWhile() throws Exception {
        try (Site<Node> site = Site.ofNodes(2)) {
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

    /** How INFO has it. */
    private static long figure(Site<?> site, String section, String name) {
        return site.withRedis(redis -> redis.info(section))
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                .mapToLong(
                        line -> Long.parseLong(line.substring(name.length() + 1).strip()))
                .findFirst()
                .orElseThrow();
    }
}
