package org.gatehouse.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedMongo;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.testing.TimeLimit;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests the health reports for load balancers. The test has its own stores, because the test stops and starts the
 * stores.
 */
@Tag("also-full")
class HealthTest {
    /** The maximum time from a change of a store's state to a report that shows the change. */
    private static final Duration MAX_DELAY = TimeLimit.of(Duration.ofSeconds(2));

    private static final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "health"));
    private final int mongoPort = EmbeddedRedis.freePort();
    private EmbeddedMongo mongo = EmbeddedMongo.inMemory(mongoPort);
    private final Node gatehouse = Node.start(Map.of(
            "AUTH_KEY", Node.AUTH_KEY,
            "DB_HOST", "mongodb://127.0.0.1:" + mongoPort,
            "REDIS_URL", redis.uri(),
            "ADMIN_USERNAME", Node.ADMIN,
            "ADMIN_PASSWORD", Node.ADMIN_PASSWORD));

    @BeforeEach
    void awaitAllUp() {
        await().atMost(Duration.ofSeconds(60)).until(() -> stateOf("redis").equals("up") && ready().status() == 200);
    }

    @AfterEach
    void stop() {
        gatehouse.close();
        mongo.close();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @Test
    void describesEachDependencyAndTheEffectOfItsAbsence() {
        Response response = ready();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text("status")).isEqualTo("ready");
        assertThat(response.json().path("dependencies").findValuesAsText("name"))
                .containsExactly("mongodb", "redis", "signingKeys");
        for (JsonNode dependency : response.json().path("dependencies")) {
            assertThat(dependency.path("latencyMs").isNumber()).isTrue();
            assertThat(dependency.path("absence").asText()).isNotEmpty();
        }
        assertThat(response.body())
                .doesNotContain("127.0.0.1", Integer.toString(mongoPort), Integer.toString(redis.port()));
    }

    @Test
    void reportsAStoppedRedisAndStaysReady() {
        redis.kill();
        try {
            assertReported(() -> stateOf("redis").equals("down"));
            assertThat(ready().status()).isEqualTo(200);
            assertThat(stateOf("mongodb")).isEqualTo("up");
        } finally {
            redis.restart();
        }
        assertReported(() -> stateOf("redis").equals("up"));
    }

    @Test
    void reportsAnUnresponsiveRedisAndStaysReady() {
        redis.pause();
        try {
            assertReported(() -> stateOf("redis").equals("down"));
            assertThat(ready().status()).isEqualTo(200);
        } finally {
            redis.resume();
        }
        assertReported(() -> stateOf("redis").equals("up"));
    }

    @Test
    void isNotReadyWithoutMongo() {
        mongo.close();

        assertReported(() -> ready().status() == 503);
        Response unready = ready();
        assertThat(unready.text("status")).isEqualTo("unready");
        assertThat(unready.header("Retry-After")).isEqualTo("2");
        assertThat(unready.body()).doesNotContain("127.0.0.1");
        assertThat(unready.took()).isLessThan(TimeLimit.of(Duration.ofSeconds(1)));
        assertThat(stateOf("mongodb")).isEqualTo("down");
        assertThat(gatehouse.send("GET", "/health/live", "").status()).isEqualTo(200);

        mongo = EmbeddedMongo.inMemory(mongoPort);
        // The driver looks for a server at most every half second, so the report changes after a delay. The new server
        // has no keys, so the node becomes ready even later.
        assertReported(() -> stateOf("mongodb").equals("up"));
        await().atMost(Duration.ofSeconds(60)).until(() -> ready().status() == 200);
    }

    @Test
    void aNodeThatWaitsForItsStoreIsLiveButNotReady() {
        try (Node waitingNode = Node.start(Map.of(
                "AUTH_KEY",
                Node.AUTH_KEY,
                "DB_HOST",
                "mongodb://127.0.0.1:" + EmbeddedRedis.freePort(),
                "REDIS_URL",
                redis.uri()))) {
            assertThat(waitingNode.send("GET", "/health/live", "").text("status"))
                    .isEqualTo("live");
            Response response = waitingNode.send("GET", "/health/ready", "");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.text("status")).isEqualTo("starting");
            assertThat(waitingNode.send("HEAD", "/health/ready", "").status()).isEqualTo(503);
            assertThat(waitingNode.send("GET", "/metrics", "").body()).contains("gatehouse_ready 0.0");
        }
    }

    private Response ready() {
        return gatehouse.send("GET", "/health/ready", "");
    }

    private String stateOf(String dependency) {
        for (JsonNode entry : ready().json().path("dependencies")) {
            if (entry.path("name").asText().equals(dependency)) {
                return entry.path("state").asText();
            }
        }
        return "";
    }

    private static void assertReported(Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(20)).atMost(MAX_DELAY).until(condition);
    }
}
