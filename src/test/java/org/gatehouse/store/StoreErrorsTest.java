package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import de.bwaldvogel.mongo.bson.Document;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.log.LogLines;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests the responses and log lines if MongoDB returns errors. Each test uses its own error codes, because the log does
 * not repeat a recently logged reason.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StoreErrorsTest {
    private static final String PASSWORD = "correct horse battery staple";

    private final LogLines log = new LogLines();
    private final FaultyMongo mongo = FaultyMongo.start();
    private final EmbeddedRedis redis = EmbeddedRedis.start(Path.of("target", "test-redis", "store-errors"));
    private final Node node = Node.start(Map.of(
            "AUTH_KEY", ServiceClient.AUTH_KEY,
            "DB_HOST", mongo.uri(),
            "REDIS_URL", redis.uri(),
            "ADMIN_USERNAME", ServiceClient.ADMIN,
            "ADMIN_PASSWORD", ServiceClient.ADMIN_PASSWORD));
    private final String admin = node.adminToken();
    private final String id = node.create(admin, "alice", PASSWORD);

    @BeforeEach
    void listen() {
        log.clear();
    }

    @AfterEach
    void resetMongo() {
        mongo.reset();
    }

    @AfterAll
    void close() {
        log.close();
        node.close();
        redis.close();
        mongo.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 94, 112, 202, 237, 365, 384, 391, 402, 433, 449, 462, 11601})
    void aTemporaryErrorCausesStatus503WithoutAStackTrace(int code) {
        mongo.failWith(code, "users", "find", "findAndModify", "update", "insert", "delete");

        for (int i = 0; i < 3; i++) {
            assertUnavailable(node.login("alice", PASSWORD));
        }
        assertUnavailable(node.get("/user", admin));

        assertThat(log.with("MongoDB returned a temporary error"))
                .singleElement()
                .asString()
                .startsWith("WARN")
                .contains("error " + code)
                .doesNotContain("hunter2");
        assertThat(log.withStackTrace()).isEmpty();
        assertThat(log.from(Level.ERROR)).isEmpty();
    }

    @Test
    void anErrorIsLoggedIfTheDriverRetriesUntilTheTimeout() {
        mongo.failWith(134, "users", "find");

        assertUnavailable(node.login("alice", PASSWORD));

        assertThat(log.with("MongoDB returned a temporary error"))
                .singleElement()
                .asString()
                .contains("error 134");
        assertThat(log.withStackTrace()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {13, 18, 8000})
    void aMissingPermissionCausesStatus503AndOneLogLine(int code) {
        mongo.failWith(code, "users", "find", "findAndModify", "update", "insert", "delete");

        for (int i = 0; i < 3; i++) {
            assertUnavailable(node.login("alice", PASSWORD));
            assertUnavailable(node.delete("/user/" + id, admin));
        }

        assertThat(log.from(Level.ERROR))
                .singleElement()
                .asString()
                .contains("MongoDB rejects the account", "error " + code)
                .doesNotContain("hunter2");
        assertThat(log.withStackTrace()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {31, 43, 175, 371})
    void aFailedWriteCausesStatus503AndHasNoEffect(int code) {
        mongo.failWith(code, "users", "findAndModify");

        assertUnavailable(node.patch("/user/" + id, admin, "{\"email\":\"" + code + "@example.org\"}"));

        mongo.reset();
        assertThat(node.get("/user/" + id, admin).text("email")).isNotEqualTo(code + "@example.org");
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 91, 100, 123_456})
    void aWriteThatNoMajorityConfirmedCausesStatus503(int code) {
        Document concern = new Document("code", code).append("codeName", "X").append("errmsg", "waiting");
        mongo.replyWith(
                command -> FaultyMongo.name(command).equals("insert") && "sessions".equals(command.get("insert"))
                        ? Optional.of(new Document("ok", 1.0).append("n", 1).append("writeConcernError", concern))
                        : Optional.empty());

        assertUnavailable(node.login("alice", PASSWORD));
        assertThat(log.withStackTrace()).isEmpty();
    }

    @Test
    void anErrorInsideABulkWriteCausesStatus503() {
        mongo.replyWith(command -> {
            if (!FaultyMongo.name(command).equals("insert") || !"users".equals(command.get("insert"))) {
                return Optional.empty();
            }
            Document error = new Document("index", 0).append("code", 11).append("errmsg", "no such account");
            return Optional.of(new Document("ok", 1.0).append("n", 0).append("writeErrors", List.of(error)));
        });

        assertUnavailable(node.post("/user", admin, "{\"username\":\"carol\",\"password\":\"" + PASSWORD + "\"}"));
        assertThat(log.from(Level.ERROR)).singleElement().asString().contains("no such account");
    }

    @Test
    void anUnexpectedErrorCausesStatus500AndItsReasonIsLogged() {
        mongo.failWith(2, "users", "find");

        assertThat(node.login("alice", PASSWORD).status()).isEqualTo(500);

        assertThat(log.withStackTrace()).singleElement().asString().contains("Unexpected failure");
    }

    @Test
    void healthNamesTheErrorThatTheStoreReturns() {
        mongo.failWith(404, "meta", "find");

        await().untilAsserted(() -> {
            Response ready = node.send("GET", "/health/ready", "");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.json().path("dependencies").path(0).path("state").asText())
                    .isEqualTo("down");
            assertThat(ready.json().path("dependencies").path(0).path("reason").asText())
                    .isEqualTo("It answers with the error 404.");
        });
        mongo.reset();
        await().until(() -> node.send("GET", "/health/ready", "").status() == 200);
    }

    private static void assertUnavailable(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(503);
        assertThat(response.text("code")).isEqualTo("STORE_UNAVAILABLE");
        assertThat(response.header("Retry-After")).matches("[1-9][0-9]*");
        assertThat(response.body()).doesNotContain("hunter2", "refused by");
    }
}
