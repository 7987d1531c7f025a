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
import org.gatehouse.SettableClock;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ThrottleTest {
    private static final Quota TEN = new Quota("ten", 10, Duration.ofMinutes(15));

    private final EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "throttle"));
    private final RedisConnection redisOfOne = new RedisConnection(RedisUrl.parse(server.uri()), new Metrics());
    private final RedisConnection redisOfOther = new RedisConnection(RedisUrl.parse(server.uri()), new Metrics());
    private final SettableClock clock = new SettableClock(Instant.now());
    private final Counters shared = new RedisCounters(redisOfOne);
    private final Throttle one = new Throttle(redisOfOne, clock);
    private final Throttle other = new Throttle(redisOfOther, clock);

    @BeforeEach
    void awaitRedis() {
        await().until(() -> shared.clear("nothing") && new RedisCounters(redisOfOther).clear("nothing"));
    }

    @AfterEach
    void close() {
        redisOfOne.close();
        redisOfOther.close();
        server.close();
    }

    @Test
    void admitsExactlyTheLimitOnTwoNodesTogether() throws Exception {
        Quota hundred = new Quota("hundred", 100, Duration.ofMinutes(15));
        AtomicInteger turn = new AtomicInteger();
        AtomicInteger admitted = new AtomicInteger();

        CountersContract.inParallel(64, () -> {
            for (int i = 0; i < 10; i++) {
                Throttle node = turn.getAndIncrement() % 2 == 0 ? one : other;
                if (admits(node, "account", hundred)) {
                    admitted.incrementAndGet();
                }
            }
        });

        assertThat(admitted).hasValue(100);
        assertThat(one.tallies("account").get("hundred"))
                .extracting(Tally::count)
                .isEqualTo(100);
    }

    @Test
    void saysNothingButWhenToComeBack() {
        Quota once = new Quota("once", 1, Duration.ofMillis(61_500));
        one.admit("account", List.of(once), ErrorCode.LOGIN_THROTTLED);

        GatehouseException refused = refusal(() -> other.admit("account", List.of(once), ErrorCode.LOGIN_THROTTLED));

        assertThat(refused.code()).isEqualTo(ErrorCode.LOGIN_THROTTLED);
        assertThat(refused.getMessage()).isEqualTo(ErrorCode.LOGIN_THROTTLED.message());
        assertThat(refused.retryAfter())
                .hasValueSatisfying(
                        after -> assertThat(after).isBetween(Duration.ofSeconds(50), Duration.ofMillis(61_500)));
    }

    @Test
    void goesOnFromWhatItLastSawWhenRedisFallsSilent() {
        for (int i = 0; i < 5; i++) {
            one.admit("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
            other.admit("full", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        }
        other.admit("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        one.admit("account", List.of(TEN), ErrorCode.LOGIN_THROTTLED).giveBack();
        fill(one, "full");
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(4);
        assertThat(fill(other, "account")).as("saw less").isEqualTo(4);
        assertThat(fill(one, "full")).isZero();
    }

    @Test
    void forgetsWhatItSawTogetherWithTheCount() {
        fill(one, "account");
        fill(one, "cleared");
        one.forget("account", "ten");
        one.clear("cleared");
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(10);
        assertThat(fill(one, "cleared")).isEqualTo(10);
    }

    @Test
    void countsByItselfWhileRedisIsAwayAndRespectsThatAfterItsReturn() {
        server.kill();

        assertThat(fill(one, "account")).isEqualTo(10);
        assertThat(admits(one, "account", TEN)).isFalse();
        assertThat(admits(other, "account", TEN)).as("a node of its own").isTrue();

        server.restart();
        awaitRedis();

        assertThat(admits(one, "account", TEN)).isFalse();
        assertThat(shared.tallies("account")).as("a refusal counts nothing").hasValue(Map.of());
        assertThat(one.tallies("account").get("ten")).extracting(Tally::count).isEqualTo(10);
        clock.advance(TEN.window());
        assertThat(admits(one, "account", TEN)).isTrue();
        assertThat(shared.tallies("account").orElseThrow()).containsOnlyKeys("ten");
    }

    @Test
    void givesBackWhereItCounted() {
        Admission inRedis = one.admit("redis", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        inRedis.giveBack();
        assertThat(one.tallies("redis")).isEmpty();

        server.kill();
        Admission inMemory = one.admit("memory", List.of(TEN), ErrorCode.LOGIN_THROTTLED);
        assertThat(one.tallies("memory")).containsOnlyKeys("ten");
        inMemory.giveBack();
        assertThat(one.tallies("memory")).isEmpty();
    }

    @Test
    void clearsBothCountsOrSaysThatItCouldNot() {
        server.kill();
        fill(one, "account");

        GatehouseException failure = refusal(() -> one.clear("account"));

        assertThat(failure.code()).isEqualTo(ErrorCode.STORE_UNAVAILABLE);
        assertThat(one.tallies("account")).as("this node's own").isEmpty();

        server.restart();
        awaitRedis();
        fill(one, "account");
        other.clear("account");
        assertThat(one.tallies("account")).isEmpty();
        assertThat(admits(one, "account", TEN)).isTrue();
    }

    @Test
    void boundsTheAccountsThatASourceMakesForItself() {
        RegistrationThrottle registrations = new RegistrationThrottle(one);
        for (int i = 0; i < 10; i++) {
            registrations.admit("192.0.2.1");
        }

        GatehouseException refused = refusal(() -> registrations.admit("192.0.2.1"));

        assertThat(refused.code()).isEqualTo(ErrorCode.TOO_MANY_REQUESTS);
        assertThat(refused.retryAfter())
                .hasValueSatisfying(after -> assertThat(after).isBetween(Duration.ofMinutes(59), Duration.ofHours(1)));
        registrations.admit("192.0.2.2").giveBack();
        assertThat(one.tallies("source:192.0.2.2")).isEmpty();
    }

    private static int fill(Throttle throttle, String key) {
        int admitted = 0;
        for (int i = 0; i < 10; i++) {
            admitted += admits(throttle, key, TEN) ? 1 : 0;
        }
        return admitted;
    }

    private static boolean admits(Throttle throttle, String key, Quota quota) {
        try {
            throttle.admit(key, List.of(quota), ErrorCode.LOGIN_THROTTLED);
            return true;
        } catch (GatehouseException refused) {
            assertThat(refused.code()).isEqualTo(ErrorCode.LOGIN_THROTTLED);
            return false;
        }
    }

    private static GatehouseException refusal(Runnable call) {
        GatehouseException refused = catchThrowableOfType(GatehouseException.class, call::run);
        assertThat(refused).isNotNull();
        return refused;
    }
}
