package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.JsonNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.log.LogLines;
import org.gatehouse.testing.TakesLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests a real Redis server that rejects certain commands. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TakesLong
class RedisRefusalsTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(20);
    private static final String DOWN = "Redis rejects commands";
    private static final String UP = "Redis accepts commands again";
    private static final String GRANTS = "ACL SETUSER gatehouse on >secret ~* +@all";

    private final Stores stores = new Stores();
    private final RedisClient client = RedisClient.create(stores.redis().uri());
    private final StatefulRedisConnection<String, String> operator = client.connect();
    private final Node node;
    private final String admin;
    private final String id;
    private final LogLines log = new LogLines();

    RedisRefusalsTest() {
        redis(GRANTS);
        node = Node.start(
                stores, Map.of("REDIS_URL", stores.redis().uri().replace("redis://", "redis://gatehouse:secret@")));
        admin = node.adminToken();
        id = node.create(admin, "alice", "correct horse battery staple");
    }

    @BeforeEach
    void awaitUp() {
        await().atMost(WAIT_TIMEOUT).until(() -> state().equals("up"));
        log.clear();
    }

    @AfterEach
    void repairAll() {
        redis("CONFIG SET maxmemory 0");
        redis(GRANTS);
        redis("REPLICAOF NO ONE");
        redis("CONFIG SET min-replicas-to-write 0");
    }

    @AfterAll
    void close() {
        log.close();
        node.close();
        operator.close();
        client.shutdown();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource({
        "CONFIG SET maxmemory 1, CONFIG SET maxmemory 0, OOM, 2",
        "ACL SETUSER gatehouse -eval -evalsha, ACL SETUSER gatehouse +@all, NOPERM, 1",
        "ACL SETUSER gatehouse -set, ACL SETUSER gatehouse +@all, NOPERM, 1",
        "ACL SETUSER gatehouse -get, ACL SETUSER gatehouse +@all, NOPERM, 1",
        "ACL SETUSER gatehouse resetkeys ~u:*, ACL SETUSER gatehouse resetkeys ~*, NOPERM, 1",
        "CONFIG SET min-replicas-to-write 1, CONFIG SET min-replicas-to-write 0, NOREPLICAS, 1"
    })
    void rejectedCommandsDegradeRedisAndEachOutageIsLoggedAtItsStartAndEnd(
            String failure, String repair, String code, int outages) {
        for (int outage = 1; outage <= outages; outage++) {
            redis(failure);
            await().atMost(WAIT_TIMEOUT).until(() -> state().equals("degraded"));
            assertThat(field("reason")).isEqualTo("It refuses commands with " + code + ".");
            assertThat(field("latencyMs")).isEmpty();
            assertThat(node.send("GET", "/health/ready", "").status()).isEqualTo(200);

            String email = code + outage + "@example.org";
            assertThat(node.patch("/user/" + id, admin, "{\"email\":\"" + email + "\"}")
                            .status())
                    .isEqualTo(200);
            assertThat(node.get("/user/" + id, admin).text("email")).isEqualTo(email);

            redis(repair);
            await().atMost(WAIT_TIMEOUT).until(() -> state().equals("up"));
            assertThat(log.with(DOWN)).hasSize(outage).allMatch(line -> line.startsWith("WARN"));
            assertThat(log.with(UP)).hasSize(outage);
        }
        assertThat(log.with("cannot be reached")).isEmpty();
        assertThat(log.with("secret")).isEmpty();
        assertThat(log.from(Level.ERROR)).isEmpty();
    }

    @Test
    void aReplicaIsReportedAsDegradedWithoutRepeatedLogLines() {
        redis("REPLICAOF 127.0.0.1 " + EmbeddedRedis.freePort());
        await().atMost(WAIT_TIMEOUT).until(() -> state().equals("degraded"));
        await().atMost(WAIT_TIMEOUT).until(() -> field("reason").equals("It is a replica."));
        assertThat(node.patch("/user/" + id, admin, "{\"email\":\"r@example.org\"}")
                        .status())
                .isEqualTo(200);

        redis("REPLICAOF NO ONE");
        await().atMost(WAIT_TIMEOUT).until(() -> state().equals("up"));
        assertThat(log.with("Redis is available again")).hasSize(1);
        // One line is about the role of the server. A write that failed earlier may add another line.
        assertThat(log.with("Redis cannot be used").size()).isBetween(1, 2);
    }

    @Test
    void failedWritesDoNotFillTheLog() {
        redis("CONFIG SET maxmemory 1");
        await().atMost(WAIT_TIMEOUT).until(() -> state().equals("degraded"));
        for (int i = 0; i < 3; i++) {
            assertThat(node.patch("/user/" + id, admin, "{\"email\":\"" + i + "@example.org\"}")
                            .status())
                    .isEqualTo(200);
            await().atMost(WAIT_TIMEOUT)
                    .until(() -> node.send("GET", "/metrics", "").body().contains("gatehouse_cache_usable 1.0"));
        }
        assertThat(log.with("The cache is").size()).isLessThanOrEqualTo(2);
        assertThat(log.with("Redis")).hasSize(1);
    }

    private String state() {
        return field("state");
    }

    private String field(String name) {
        for (JsonNode entry : node.send("GET", "/health/ready", "").json().path("dependencies")) {
            if (entry.path("name").asText().equals("redis")) {
                return entry.path(name).asText();
            }
        }
        return "";
    }

    private void redis(String command) {
        String[] words = command.split(" ");
        CommandArgs<String, String> arguments = new CommandArgs<>(StringCodec.UTF8);
        for (int i = 1; i < words.length; i++) {
            arguments.add(words[i]);
        }
        operator.sync().dispatch(new Keyword(words[0]), new StatusOutput<>(StringCodec.UTF8), arguments);
    }

    private record Keyword(String word) implements ProtocolKeyword {
        @Override
        public byte[] getBytes() {
            return word.getBytes(StandardCharsets.US_ASCII);
        }
    }
}
