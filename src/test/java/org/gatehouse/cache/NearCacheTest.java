package org.gatehouse.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.gatehouse.app.Node;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.log.LogLines;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests copies in the memory of nodes, on servers that offer tracking, offer less of it, or do not offer it. */
@Tag("also-full")
@Execution(ExecutionMode.CONCURRENT) // because the tests mostly wait until a new node uses the cache
class NearCacheTest {
    private static final int CHANGES = Boolean.getBoolean("gatehouse.long") ? 1_000 : 100;
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);
    private static final String NO_NEAR_CACHE = "the near cache is not used";

    /** Nodes with different Redis servers need different databases, because the generation names one Redis only. */
    private final Stores stores = new Stores();

    @AfterEach
    void stop() {
        stores.close();
    }

    private Node on(EmbeddedRedis redis, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.putIfAbsent("REDIS_URL", redis.uri());
        return Node.start(stores, all);
    }

    private static EmbeddedRedis redis(String... options) {
        return EmbeddedRedis.start(Path.of("target", "test-redis", "near-" + EmbeddedRedis.freePort()), options);
    }

    private static long reads(ServiceClient node, String outcome) {
        return node.send("GET", "/metrics", "")
                .body()
                .lines()
                .filter(line ->
                        line.startsWith("gatehouse_cache_reads_total{cache=\"users\",outcome=\"" + outcome + "\"}"))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    /**
     * Reads the own user until this many reads have had the outcome. Reads only twice at a time until a new node uses
     * the cache, because that takes seconds.
     */
    private static void readUntil(ServiceClient node, String token, String outcome, int more) {
        long before = reads(node, outcome);
        AtomicLong reached = new AtomicLong(before);
        await().atMost(WAIT_TIMEOUT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    for (int i = 0; i < (reached.get() > before ? 50 : 2); i++) {
                        assertThat(node.get("/user/me", token).status()).isEqualTo(200);
                    }
                    reached.set(reads(node, outcome));
                    return reached.get() >= before + more;
                });
    }

    /** Returns how often Redis has executed this command. */
    private static long calls(EmbeddedRedis redis, String command) {
        RedisClient client = RedisClient.create(redis.uri());
        try (StatefulRedisConnection<String, String> connection = client.connect()) {
            String prefix = "cmdstat_" + command + ":calls=";
            return connection
                    .sync()
                    .info("commandstats")
                    .lines()
                    .filter(line -> line.startsWith(prefix))
                    .mapToLong(line -> Long.parseLong(line.substring(prefix.length(), line.indexOf(','))))
                    .sum();
        } finally {
            client.shutdown();
        }
    }

    /** On a busy machine, most replies are late. Then these reads ask Redis once each, and the test tries again. */
    @Test
    void repeatedReadsNeedNoRoundTrip() {
        try (EmbeddedRedis redis = redis();
                Node node = on(redis, Map.of())) {
            String token = node.adminToken();
            readUntil(node, token, "near", 100);

            await().atMost(WAIT_TIMEOUT).untilAsserted(() -> {
                long before = calls(redis, "get") + calls(redis, "ping");
                for (int i = 0; i < 10; i++) {
                    assertThat(node.get("/user/me", token).status()).isEqualTo(200);
                }
                assertThat(calls(redis, "get") + calls(redis, "ping") - before).isLessThan(10);
            });
        }
    }

    /** The pauses are longer than the time for which a copy is used without asking. */
    @Test
    void aQuietNodeAsksWhetherItsCopiesAreCurrentAndReadsNoEntries() {
        try (EmbeddedRedis redis = redis();
                Node node = on(redis, Map.of())) {
            String token = node.adminToken();
            readUntil(node, token, "near", 100);

            await().atMost(WAIT_TIMEOUT).untilAsserted(() -> {
                long gets = calls(redis, "get");
                long pings = calls(redis, "ping");
                for (int i = 0; i < 20; i++) {
                    Threads.sleep(Duration.ofMillis(20));
                    assertThat(node.get("/user/me", token).status()).isEqualTo(200);
                }
                assertThat(calls(redis, "get") - gets).isLessThan(10);
                assertThat(calls(redis, "ping") - pings).isBetween(15L, 30L);
            });
        }
    }

    @Test
    void theSettingZeroKeepsNoCopies() {
        try (EmbeddedRedis redis = redis();
                LogLines log = new LogLines();
                Node node = on(redis, Map.of("NEAR_CACHE_MIB", "0"))) {
            readUntil(node, node.adminToken(), "hit", 100);

            assertThat(reads(node, "near")).isZero();
            assertThat(log.with(NO_NEAR_CACHE)).isEmpty();
        }
    }

    /** A server that renames HELLO offers RESP2 only. It accepts CLIENT TRACKING but cannot send invalidations. */
    @ParameterizedTest
    @CsvSource({
        "RESP2 only, --rename-command HELLO EMPTY, it sends no invalidations",
        "no tracking, --rename-command CLIENT EMPTY, unknown command",
        "no permission, --user gatehouse on >secret ~* +@all -client, permission"
    })
    void withoutTrackingOnlyRedisIsUsedAndOneLineIsLogged(String name, String option, String reason) {
        String[] options = option.split(" ");
        Arrays.setAll(options, i -> options[i].equals("EMPTY") ? "" : options[i]);
        try (EmbeddedRedis redis = redis(options);
                LogLines log = new LogLines();
                Node node = on(
                        redis,
                        name.equals("no permission")
                                ? Map.of("REDIS_URL", redis.uri().replace("redis://", "redis://gatehouse:secret@"))
                                : Map.of())) {
            readUntil(node, node.adminToken(), "hit", 100);

            assertThat(reads(node, "near")).isZero();
            assertThat(log.with(NO_NEAR_CACHE)).singleElement().asString().contains(reason);
        }
    }

    /**
     * Changes 40 users in random order on two nodes. Each change is read at once on the other node. The users exceed
     * the limit of keys that Redis tracks, or the memory of the near cache.
     */
    @ParameterizedTest
    @CsvSource({"--tracking-table-max-keys 10, 0", "--maxmemory 100mb, 10000"})
    void noCopyIsStaleIfThereAreMoreUsersThanPlaces(String option, int fieldLength) {
        try (EmbeddedRedis redis = redis(option.split(" "));
                Node one = on(redis, Map.of("NEAR_CACHE_MIB", "1"));
                Node other = on(redis, Map.of("NEAR_CACHE_MIB", "1"))) {
            String admin = one.adminToken();
            List<String> users = IntStream.range(0, 40)
                    .mapToObj(i -> one.create(admin, "user-" + redis.port() + "-" + i, "correct horse battery staple"))
                    .toList();
            readUntil(one, admin, "near", 20);
            readUntil(other, admin, "near", 20);
            String field = "x".repeat(fieldLength);
            for (int change = 1; change <= CHANGES; change++) {
                int index = ThreadLocalRandom.current().nextInt(users.size());
                String path = "/user/" + users.get(index);
                List<Node> nodes = change % 2 == 0 ? List.of(one, other) : List.of(other, one);
                CompletableFuture<?> readers = CompletableFuture.allOf(IntStream.range(0, 4)
                        .mapToObj(i -> CompletableFuture.runAsync(() -> {
                            for (int n = 0; n < 5; n++) {
                                nodes.get(1).get("/user/" + users.get((index + n * i) % users.size()), admin);
                            }
                        }))
                        .toArray(CompletableFuture[]::new));
                String value = field + change;
                assertThat(nodes.get(0)
                                .patch(path, admin, "{\"note\":\"" + value + "\"}")
                                .status())
                        .isEqualTo(200);
                assertThat(nodes.get(1).get(path, admin).text("note")).isEqualTo(value);
                readers.join();
            }
            assertThat(reads(other, "near")).isGreaterThan(CHANGES);
        }
    }
}
