package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.testing.TakesLong;
import org.gatehouse.testing.TimeLimit;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests outages of the stores. Each test has its own MongoDB, because the test starts and stops the server. */
@Tag("also-full")
@TakesLong
class StoreOutageTest {
    private static final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "store-outage"));

    @AfterAll
    static void stop() {
        redis.close();
    }

    @Test
    void aNodeWaitsForMongoDbAtItsStart() throws IOException {
        int port = EmbeddedRedis.freePort();
        try (Node gatehouse = Node.start(settings(port))) {
            Response early = gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD);
            assertUnavailable(early);
            assertUnavailable(gatehouse.get("/user/me", ""));

            try (EmbeddedMongo mongo = EmbeddedMongo.inMemory(port)) {
                assertThat(mongo.uri()).endsWith(":" + port);
                await().atMost(Duration.ofSeconds(60))
                        .until(() ->
                                gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD).status() == 200);
            }
        }
    }

    @Test
    void aNodeStartsWithoutRedisAndUsesRedisLater() throws IOException {
        int port = EmbeddedRedis.freePort();
        try (EmbeddedMongo mongo = EmbeddedMongo.inMemory()) {
            Map<String, String> settings = new HashMap<>(settings(EmbeddedRedis.freePort()));
            settings.put("DB_HOST", mongo.uri());
            settings.put("REDIS_URL", "redis://127.0.0.1:" + port);
            try (Node gatehouse = Node.start(settings)) {
                String admin = gatehouse.adminToken();
                String id = gatehouse.get("/user/me", admin).text("_id");

                Path folder = Path.of("target", "test-redis", "late");
                try (EmbeddedRedis late = EmbeddedRedis.start(folder, port, "--save", "", "--appendonly", "no")) {
                    await().atMost(Duration.ofSeconds(60)).until(() -> {
                        gatehouse.get("/user/" + id, admin);
                        return isCached(late, id);
                    });
                }
                assertThat(gatehouse.get("/user/" + id, admin).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void anOutageIsReportedInTimeAndCallsSucceedAfterTheOutage() throws IOException {
        int port = EmbeddedRedis.freePort();
        EmbeddedMongo mongo = EmbeddedMongo.inMemory(port);
        try (Node gatehouse = Node.start(settings(port))) {
            String admin = gatehouse.adminToken();
            String id = gatehouse.get("/user/me", admin).text("_id");
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                // When the user is cached, the loop reads once more. This read finds the user in the cache, and also
                // caches the session.
                boolean cached = isCached(id);
                gatehouse.get("/user/" + id, admin);
                return cached;
            });
            assertThat(gatehouse.get("/user/" + id, admin).status()).isEqualTo(200);
            mongo.close();

            assertThat(gatehouse.get("/user/" + id, admin).status())
                    .as("status of a read from the cache")
                    .isEqualTo(200);
            assertUnavailableInTime(() -> gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD));
            assertUnavailableInTime(() -> gatehouse.get("/user", admin));
            assertUnavailableInTime(() -> gatehouse.patch("/user/" + id, admin, "{\"a\":1}"));
            assertUnavailableInTime(() -> gatehouse.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}"));
            assertUnavailableInTime(() -> gatehouse.delete("/user/" + id, admin));

            try (EmbeddedMongo returned = EmbeddedMongo.inMemory(port)) {
                assertThat(returned.uri()).endsWith(":" + port);
                // The new server is empty, so the account does not exist. The status 401 shows that the node uses
                // MongoDB again.
                await().atMost(Duration.ofSeconds(60))
                        .until(() ->
                                gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD).status() == 401);
                assertThat(gatehouse.get("/user", admin).text("message")).isEqualTo("invalid signature");
            }
        }
    }

    @Test
    void cachedUsersAreServedDuringTheWholeOutageIfReadsWithoutDbIsLasting() throws IOException {
        int port = EmbeddedRedis.freePort();
        Map<String, String> settings = new HashMap<>(settings(port));
        settings.put("READS_WITHOUT_DB", "lasting");
        EmbeddedMongo mongo = EmbeddedMongo.inMemory(port);
        try (Node gatehouse = Node.start(settings)) {
            String admin = gatehouse.adminToken();
            String id = gatehouse.get("/user/me", admin).text("_id");
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                // When the user is cached, the loop reads once more. This read finds the user in the cache, and also
                // caches the session.
                boolean cached = isCached(id);
                gatehouse.get("/user/" + id, admin);
                return cached;
            });
            mongo.close();
            assertUnavailableInTime(() -> gatehouse.login(Node.ADMIN, Node.ADMIN_PASSWORD));

            long leasesExpired = System.nanoTime() + Duration.ofSeconds(4).toNanos();
            await().until(() -> System.nanoTime() > leasesExpired);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> gatehouse.get("/user/" + id, admin).status() == 200);
            assertUnavailableInTime(() -> gatehouse.patch("/user/" + id, admin, "{\"a\":1}"));
            String unknown = id.substring(0, 20) + "0000";
            assertUnavailableInTime(() -> gatehouse.get("/user/" + unknown, admin));
        }
    }

    private static boolean isCached(String id) {
        return isCached(redis, id);
    }

    private static boolean isCached(EmbeddedRedis redis, String id) {
        try (RedisClient client = RedisClient.create(redis.uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            return String.valueOf(connection.sync().get("u:{" + id + "}")).startsWith("V");
        }
    }

    private static void assertUnavailableInTime(Supplier<Response> call) {
        Response response = call.get();
        assertUnavailable(response);
        assertThat(response.took()).isLessThan(TimeLimit.of(Duration.ofSeconds(2)));
    }

    private static void assertUnavailable(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(503);
        assertThat(response.text("code")).isEqualTo("STORE_UNAVAILABLE");
        assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
        assertThat(response.body()).doesNotContain("mongo").doesNotContain("127.0.0.1");
    }

    private static Map<String, String> settings(int port) {
        return Map.of(
                "AUTH_KEY", Node.AUTH_KEY,
                "DB_HOST", "mongodb://127.0.0.1:" + port,
                "REDIS_URL", redis.uri(),
                "ADMIN_USERNAME", Node.ADMIN,
                "ADMIN_PASSWORD", Node.ADMIN_PASSWORD);
    }
}
