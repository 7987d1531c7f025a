package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.gatehouse.config.RedisUrl;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.RedisConnection;
import org.gatehouse.throttle.Throttle;
import org.junit.jupiter.api.Test;

class UserThrottleTest {
    @Test
    void limitsTheRegistrationsFromOneAddress() {
        try (EmbeddedRedis server = EmbeddedRedis.start(Path.of("target", "test-redis", "registrations"));
                RedisConnection redis = new RedisConnection(RedisUrl.parse(server.uri()), null, new Metrics())) {
            await().until(() -> redis.topology().isPresent());
            Throttle throttle = new Throttle(redis, Clock.systemUTC());
            UserThrottle registrations = new UserThrottle(throttle);
            for (int i = 0; i < 10; i++) {
                registrations.acquireRegistration("192.0.2.1");
            }

            GatehouseException rejected = catchThrowableOfType(
                    GatehouseException.class, () -> registrations.acquireRegistration("192.0.2.1"));

            assertThat(rejected.code()).isEqualTo(ErrorCode.TOO_MANY_REQUESTS);
            assertThat(rejected.retryAfter())
                    .hasValueSatisfying(
                            after -> assertThat(after).isBetween(Duration.ofMinutes(59), Duration.ofHours(1)));
            registrations.acquireRegistration("192.0.2.2").refund();
            assertThat(throttle.counts("source:192.0.2.2")).isEmpty();
        }
    }
}
