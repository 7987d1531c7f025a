package org.gatehouse.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    private static final Quota TEN = new Quota("ten", 10, Duration.ofMinutes(15));

    private final EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "throttle"));
    private final RedisConnection redisOfOne = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics());
    private final RedisConnection redisOfOther = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics());
    private final SettableClock clock = new SettableClock(Instant.now());
    private final RateLimitStore shared = new RedisRateLimitStore(redisOfOne);
    private final Throttle one = new Throttle(redisOfOne, clock);
    private final Throttle other = new Throttle(redisOfOther, clock);

    @BeforeEach
    void awaitRedis() {
        await().until(() -> shared.clear("unused") && new RedisRateLimitStore(redisOfOther).clear("unused"));
    }

    @AfterEach
    void close() {
        redisOfOne.close();
        redisOfOther.close();
        server.close();
    }

    @Test
    void allowsExactlyTheLimitOnTwoNodesTogether() throws Exception {
        Quota hundred = new Quota("hundred", 100, Duration.ofMinutes(15));
        AtomicInteger turn = new AtomicInteger();
        AtomicInteger allowed = new AtomicInteger();

        RateLimitStoreContract.inParallel(64, () -> {
            for (int i = 0; i < 10; i++) {
                Throttle node = turn.getAndIncrement() % 2 == 0 ? one : other;
                if (allows(node, "account", hundred)) {
                    allowed.incrementAndGet();
                }
            }
        });

        assertThat(allowed).hasValue(100);
        assertThat(one.counts("account").get("hundred"))
                .extracting(WindowCount::count)
                .isEqualTo(100);
    }

    @Test
    void theErrorShowsOnlyWhenToRetry() {
        Quota once = new Quota("once", 1, Duration.ofMillis(61_500));
        one.acquire("account", List.of(once), ErrorCode.LOGIN_THROTTLED);

        GatehouseException rejected =
                failureOf(() -> other.acquire("account", List.of(once), ErrorCode.LOGIN_THROTTLED));

        assertThat(rejected.code()).isEqualTo(ErrorCode.LOGIN_THROTTLED);
        assertThat(rejected.getMessage()).isEqualTo(ErrorCode.LOGIN_THROTTLED.message());
        assertThat(rejected.retryAfter())
                .hasValueSatisfying(
                        after -> assertThat(after).isBetween(Duration.ofSeconds(50), Duration.ofMillis(61_500)));
    }

    @Test
    void continuesFromTheLastSeenCountsDuringAnOutage() {
        for (int i = 0; i < 5; i++) {
            one.acquire("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
            other.acquire("full", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        }
        other.acquire("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        one.acquire("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED).refund();
        fill(one, "full");
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(4);
        assertThat(fill(other, "account"))
                .as("the other node has not seen the refunded attempt")
                .isEqualTo(4);
        assertThat(fill(one, "full")).isZero();
    }

    @Test
    void removesTheLastSeenCountsTogetherWithTheSharedCounts() {
        Throttle.Permit first = one.acquire("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        fill(one, "account");
        fill(one, "cleared");
        first.refundAsync("another", "ten").run();
        one.clear("cleared");
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(10);
        assertThat(fill(one, "cleared")).isEqualTo(10);
    }

    @Test
    void enforcesLocalCountsDuringAnOutageAndAfterwards() {
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(10);
        assertThat(allows(one, "account", TEN)).isFalse();
        assertThat(allows(other, "account", TEN))
                .as("each node counts separately during the outage")
                .isTrue();

        server.restart();
        awaitRedis();

        assertThat(allows(one, "account", TEN)).isFalse();
        assertThat(shared.counts("account"))
                .as("a rejected attempt is not counted")
                .hasValue(Map.of());
        assertThat(one.counts("account").get("ten"))
                .extracting(WindowCount::count)
                .isEqualTo(10);
        clock.advance(TEN.window());
        assertThat(allows(one, "account", TEN)).isTrue();
        assertThat(shared.counts("account").orElseThrow()).containsOnlyKeys("ten");
    }

    @Test
    void refundsAnAttemptInTheStoreThatCountedIt() {
        Throttle.Permit inRedis = one.acquire("redis", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        inRedis.refund();
        assertThat(one.counts("redis")).isEmpty();

        server.kill();
        Throttle.Permit inMemory = one.acquire("memory", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        assertThat(one.counts("memory")).containsOnlyKeys("ten");
        inMemory.refund();
        assertThat(one.counts("memory")).isEmpty();
    }

    @Test
    void clearsTheLocalAndTheSharedCountsOrFails() {
        server.kill();
        fill(one, "account");

        GatehouseException failure = failureOf(() -> one.clear("account"));

        assertThat(failure.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
        assertThat(one.counts("account")).as("the local counts are cleared").isEmpty();

        server.restart();
        awaitRedis();
        fill(one, "account");
        other.clear("account");
        assertThat(one.counts("account")).isEmpty();
        assertThat(allows(one, "account", TEN)).isTrue();
    }

    private static int fill(Throttle throttle, String key) {
        int allowed = 0;
        for (int i = 0; i < 10; i++) {
            allowed += allows(throttle, key, TEN) ? 1 : 0;
        }
        return allowed;
    }

    private static boolean allows(Throttle throttle, String key, Quota quota) {
        try {
            throttle.acquire(key, List.of(quota), ErrorCode.LOGIN_THROTTLED);
            return true;
        } catch (GatehouseException rejected) {
            assertThat(rejected.code()).isEqualTo(ErrorCode.LOGIN_THROTTLED);
            return false;
        }
    }

    private static GatehouseException failureOf(Runnable call) {
        GatehouseException rejected = catchThrowableOfType(GatehouseException.class, call::run);
        assertThat(rejected).isNotNull();
        return rejected;
    }
}
