package org.gatehouse.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RedisCountersTest extends CountersContract {
    private final EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "counters"));
    private final RedisConnection one = new RedisConnection(RedisUrl.parse(server.uri()), new Metrics());
    private final RedisConnection other = new RedisConnection(RedisUrl.parse(server.uri()), new Metrics());
    private final List<Counters> nodes = List.of(new RedisCounters(one), new RedisCounters(other));
    private final AtomicInteger turn = new AtomicInteger();
    private final RedisClient client = RedisClient.create(server.uri());
    private final StatefulRedisConnection<String, String> connection = client.connect();
    private final RedisCommands<String, String> redis = connection.sync();

    @BeforeAll
    void awaitConnections() {
        await().until(() -> nodes.stream().allMatch(node -> node.clear("nothing")));
    }

    @AfterAll
    void close() {
        connection.close();
        client.shutdown();
        one.close();
        other.close();
        server.close();
    }

    @Override
    Counters counters() {
        return nodes.get(turn.incrementAndGet() % nodes.size());
    }

    @Override
    Instant now() {
        return Instant.now();
    }

    @Override
    void pass(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        await().pollInterval(Duration.ofMillis(50)).until(() -> System.nanoTime() > end);
    }

    @Test
    void liveAsLongAsTheirLongestWindow() {
        Quota brief = new Quota("brief", 5, SHORT);
        Quota hour = new Quota("hour", 5, Duration.ofHours(1));

        nodes.get(0).count("lives", List.of(hour, brief));
        assertThat(redis.pttl("throttle:lives")).isBetween(3_590_000L, 3_600_000L);
        nodes.get(0).count("lives", List.of(brief, hour));
        assertThat(redis.pttl("throttle:lives")).isBetween(3_590_000L, 3_600_000L);

        nodes.get(0).count("brief", List.of(brief));
        await().atMost(Duration.ofSeconds(60)).until(() -> redis.exists("throttle:brief") == 0);
    }

    @Test
    void dropTheFieldsOfEndedWindows() {
        Quota brief = new Quota("brief", 5, SHORT);
        for (int i = 0; i < 50; i++) {
            nodes.get(0).count("many", List.of(brief.named("source-" + i), new Quota("all", 100, Duration.ofHours(1))));
        }
        pass(SHORT);

        nodes.get(1).count("many", List.of(brief.named("last")));

        assertThat(redis.hkeys("throttle:many")).containsExactlyInAnyOrder("all", "last");
    }

    @Test
    void areCountedAgainAfterRedisLostItsScripts() {
        Quota quota = new Quota("lost", 5, Duration.ofHours(1));
        nodes.get(0).count("lost", List.of(quota));

        redis.scriptFlush();

        assertThat(nodes.get(0).count("lost", List.of(quota))).isPresent();
        assertThat(nodes.get(0).tallies("lost").orElseThrow().get("lost"))
                .extracting(Tally::count)
                .isEqualTo(2);
    }

    @Test
    void treatWhatSomebodyElseWroteAsNothing() {
        redis.hset("throttle:foreign", "count", "junk");

        assertThat(nodes.get(0).tallies("foreign").orElseThrow()).isEmpty();
        assertThat(nodes.get(0).count("foreign", List.of(new Quota("count", 1, Duration.ofHours(1)))))
                .hasValueSatisfying(count -> assertThat(count.delay()).isZero());
    }
}
