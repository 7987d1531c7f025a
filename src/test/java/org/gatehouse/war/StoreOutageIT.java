package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.Map;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;
import org.junit.jupiter.api.Test;

/** Tests the health reports and responses of the WAR before its MongoDB starts, during an outage, and afterwards. */
class StoreOutageIT {
    @Test
    void theWarWaitsForItsStoreAndReportsOutages() {
        int port = EmbeddedRedis.freePort();
        try (EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "war-store-outage"));
                WarServer gatehouse = WarServer.deploy("", settings(redis, port))) {
            assertThat(gatehouse.send("GET", "/health/live", "").status()).isEqualTo(200);
            assertNotReady(gatehouse, "starting");
            assertUnavailable(login(gatehouse));

            try (EmbeddedMongo mongo = EmbeddedMongo.inMemory(port)) {
                assertThat(mongo.uri()).endsWith(":" + port);
                await().until(() -> ready(gatehouse).status() == 200);
                assertThat(gatehouse.patiently(() -> login(gatehouse)).status()).isEqualTo(200);
            }

            await().until(() -> ready(gatehouse).status() == 503);
            assertNotReady(gatehouse, "unready");
            assertThat(gatehouse.send("GET", "/health/live", "").status()).isEqualTo(200);
            assertUnavailable(login(gatehouse));

            try (EmbeddedMongo returned = EmbeddedMongo.inMemory(port)) {
                assertThat(returned.uri()).endsWith(":" + port);
                // The restarted server is empty, so the account no longer exists.
                await().until(() -> login(gatehouse).status() == 401);
            }
        }
    }

    private static Map<String, String> settings(EmbeddedRedis redis, int port) {
        return Map.of(
                "AUTH_KEY", WarServer.AUTH_KEY,
                "DB_HOST", "mongodb://127.0.0.1:" + port,
                "REDIS_URL", redis.uri(),
                "ADMIN_USERNAME", WarServer.ADMIN,
                "ADMIN_PASSWORD", WarServer.ADMIN_PASSWORD);
    }

    private static Response login(ServiceClient gatehouse) {
        return gatehouse.login(WarServer.ADMIN, WarServer.ADMIN_PASSWORD);
    }

    private static Response ready(ServiceClient gatehouse) {
        return gatehouse.send("GET", "/health/ready", "");
    }

    private static void assertNotReady(ServiceClient gatehouse, String status) {
        Response response = ready(gatehouse);
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text("status")).isEqualTo(status);
    }

    private static void assertUnavailable(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(503);
        assertThat(response.text("code")).isEqualTo("STORE_UNAVAILABLE");
        assertThat(response.body()).doesNotContain("mongo").doesNotContain("127.0.0.1");
    }
}
