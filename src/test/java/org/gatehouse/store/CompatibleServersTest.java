package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import de.bwaldvogel.mongo.bson.Document;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.log.LogLines;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests servers that implement MongoDB's protocol but differ from MongoDB. The embedded server imitates these
 * differences.
 */
class CompatibleServersTest {
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999Z");

    private static EmbeddedRedis redis;
    private final FaultyMongo mongo = FaultyMongo.start();
    private final LogLines log = new LogLines();

    @BeforeAll
    static void startRedis() {
        redis = EmbeddedRedis.start(Path.of("target", "test-redis", "other-servers"));
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @AfterEach
    void close() {
        mongo.close();
        log.close();
    }

    static List<Document> ferretDb1() {
        return List.of(
                new Document("ok", 1.0).append("version", "7.0.42").append("ferretdbVersion", "v1.24.0"),
                new Document("ok", 1.0).append("version", "7.0.42").append("ferretdbVersion", "v1.0.0-beta"),
                new Document("ok", 1.0).append("version", "6.0.42").append("ferretdbVersion", "unknown"),
                new Document("ok", 1.0).append("ferretdb", new Document("version", "v1.30.0")),
                new Document("ok", 1.0).append("version", "FerretDB v1.21.0"));
    }

    @ParameterizedTest
    @MethodSource("ferretDb1")
    void ferretDb1IsRejected(Document buildInfo) {
        replyToBuildInfo(buildInfo);

        assertThatThrownBy(this::start)
                .rootCause()
                .isInstanceOf(UnusableStoreException.class)
                .hasMessageContaining("FerretDB")
                .hasMessageContaining("not supported");
    }

    static List<Document> supported() {
        return List.of(
                new Document("ok", 1.0).append("version", "8.0.4"),
                new Document("ok", 1.0)
                        .append("version", "7.0.77")
                        .append("ferretdb", new Document("version", "v2.7.0").append("package", "docker")),
                new Document("ok", 1.0).append("version", "7.0.77").append("ferretdbVersion", "v2.0.0-rc.1"),
                FaultyMongo.error(59));
    }

    @ParameterizedTest
    @MethodSource("supported")
    void aSupportedServerIsUsedWithoutAWarning(Document buildInfo) {
        replyToBuildInfo(buildInfo);

        try (Node node = start()) {
            assertThat(node.adminToken()).isNotEmpty();
        }
        assertThat(log.from(Level.WARN)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {238, 67, 197, 40415, 2})
    void aServerWithoutTtlIndexesIsUsedWithAWarning(int code) {
        mongo.replyWith(command -> FaultyMongo.name(command).equals("createIndexes")
                        && String.valueOf(command.get("indexes")).contains("expireAfterSeconds")
                ? Optional.of(FaultyMongo.error(code))
                : Optional.empty());

        for (int start = 0; start < 2; start++) {
            log.clear();
            try (Node node = start()) {
                assertThat(node.adminToken()).isNotEmpty();
                assertThat(node.get("/audit", node.adminToken()).status()).isEqualTo(200);
            }
            assertThat(log.with("does not remove expired documents"))
                    .hasSize(5)
                    .allMatch(line -> line.startsWith("WARN"));
            assertThat(log.from(Level.ERROR)).isEmpty();
        }
    }

    @Test
    void existingIndexesAreNotCreatedAgain() {
        try (Node node = start()) {
            assertThat(node.adminToken()).isNotEmpty();
        }
        mongo.replyWith(command -> FaultyMongo.name(command).equals("createIndexes")
                ? Optional.of(FaultyMongo.error(2))
                : Optional.empty());
        log.clear();

        try (Node node = start()) {
            assertThat(node.adminToken()).isNotEmpty();
        }
        assertThat(log.from(Level.WARN)).isEmpty();
    }

    @Test
    void allServersSupportTheDatesInQueries() {
        mongo.replyWith(command -> hasExtremeDate(command) ? Optional.of(FaultyMongo.error(2)) : Optional.empty());

        try (Node node = start()) {
            String admin = node.adminToken();
            String id = node.create(admin, "alice", "correct horse battery staple");
            for (String path : List.of(
                    "/user?sort=createdAt",
                    "/user?sort=-createdAt&limit=1",
                    "/user?sort=username",
                    "/user?role=admin",
                    "/audit",
                    "/session",
                    "/user/" + id + "/session",
                    "/key",
                    "/service")) {
                assertThat(node.get(path, admin).status()).as(path).isEqualTo(200);
            }
        }
    }

    private void replyToBuildInfo(Document buildInfo) {
        mongo.replyWith(command ->
                FaultyMongo.name(command).equalsIgnoreCase("buildInfo") ? Optional.of(buildInfo) : Optional.empty());
    }

    private static boolean hasExtremeDate(Object value) {
        if (value instanceof Map<?, ?> document) {
            return document.values().stream().anyMatch(CompatibleServersTest::hasExtremeDate);
        }
        if (value instanceof Collection<?> list) {
            return list.stream().anyMatch(CompatibleServersTest::hasExtremeDate);
        }
        return value instanceof Instant time && (time.isBefore(FIRST) || time.isAfter(LAST));
    }

    private Node start() {
        return Node.start(new HashMap<>(Map.of(
                "AUTH_KEY", ServiceClient.AUTH_KEY,
                "DB_HOST", mongo.uri(),
                "REDIS_URL", redis.uri(),
                "ADMIN_USERNAME", ServiceClient.ADMIN,
                "ADMIN_PASSWORD", ServiceClient.ADMIN_PASSWORD)));
    }
}
