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

class RedisRateLimitStoreTest extends RateLimitStoreContract {
    /** An attempt is not counted if its command times out. Therefore this timeout is long enough for a busy machine. */
    private static final Duration TIMEOUT = Duration.ofMinutes(1);

    private final EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "rate-limits"));
    private final RedisConnection one = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics());
    private final RedisConnection other = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics());
    private final List<RateLimitStore> nodes =
            List.of(new RedisRateLimitStore(one, TIMEOUT), new RedisRateLimitStore(other, TIMEOUT));
    private final AtomicInteger turn = new AtomicInteger();
    private final RedisClient client = RedisClient.create(server.uri());
    private final StatefulRedisConnection<String, String> connection = client.connect();
    private final RedisCommands<String, String> redis = connection.sync();

    @BeforeAll
    void awaitConnections() {
        await().until(() -> nodes.stream().allMatch(node -> node.clear("unused")));
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
    RateLimitStore store() {
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
    void deletesAKeyWhenItsLongestWindowEnds() {
        Quota shortQuota = new Quota("short", 5, SHORT);
        Quota hour = new Quota("hour", 5, Duration.ofHours(1));

        nodes.get(0).increment("expiring", List.of(hour, shortQuota));
        assertThat(redis.pttl("throttle:expiring")).isBetween(3_590_000L, 3_600_000L);
        nodes.get(0).increment("expiring", List.of(shortQuota, hour));
        assertThat(redis.pttl("throttle:expiring")).isBetween(3_590_000L, 3_600_000L);

        nodes.get(0).increment("short", List.of(shortQuota));
        await().atMost(Duration.ofSeconds(60)).until(() -> redis.exists("throttle:short") == 0);
    }

    @Test
    void deletesTheFieldsOfEndedWindows() {
        Quota shortQuota = new Quota("short", 5, SHORT);
        for (int i = 0; i < 50; i++) {
            nodes.get(0)
                    .increment(
                            "many",
                            List.of(shortQuota.named("source-" + i), new Quota("all", 100, Duration.ofHours(1))));
        }
        pass(SHORT);

        nodes.get(1).increment("many", List.of(shortQuota.named("last")));

        assertThat(redis.hkeys("throttle:many")).containsExactlyInAnyOrder("all", "last");
    }

    @Test
    void countsAfterRedisHasLostItsScripts() {
        Quota quota = new Quota("lost", 5, Duration.ofHours(1));
        nodes.get(0).increment("lost", List.of(quota));

        redis.scriptFlush();

        assertThat(nodes.get(0).increment("lost", List.of(quota))).isPresent();
        assertThat(nodes.get(0).counts("lost").orElseThrow().get("lost"))
                .extracting(WindowCount::count)
                .isEqualTo(2);
    }

    @Test
    void treatsMalformedFieldsAsAbsent() {
        redis.hset("throttle:malformed", "count", "junk");

        assertThat(nodes.get(0).counts("malformed").orElseThrow()).isEmpty();
        assertThat(nodes.get(0).increment("malformed", List.of(new Quota("count", 1, Duration.ofHours(1)))))
                .hasValueSatisfying(result -> assertThat(result.delay()).isZero());
    }
}
