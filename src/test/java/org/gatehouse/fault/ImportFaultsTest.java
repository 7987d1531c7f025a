package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.gatehouse.app.Node;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Tests imports during which MongoDB or Redis becomes unavailable. */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class ImportFaultsTest {
    private static final int USERS = 3_000;

    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    /** The beginning of a MongoDB command that inserts users. */
    private static final String INSERT_USERS = "insert\0\6\0\0\0users\0";

    @Test
    void anImportContinuesAfterAShortOutageOfMongoDb() {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(1)) {
            TcpProxy mongo = cluster.nodes().get(0).mongo();
            CompletableFuture<Void> cut = cutAtSecondInsert(mongo);
            CompletableFuture<Void> returned = cut.thenRunAsync(() -> {
                assertThat(Threads.sleep(Duration.ofSeconds(3))).isTrue();
                mongo.restore();
            });

            List<String> results = importUsers(cluster);

            returned.join();
            assertThat(results.get(USERS)).contains("\"done\"").contains("\"created\":" + USERS);
            assertThat(stored(cluster)).isEqualTo(USERS);
        }
    }

    @Test
    void anImportStopsInALongOutageOfMongoDbAndCanBeRepeated() {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(1)) {
            TcpProxy mongo = cluster.nodes().get(0).mongo();
            CompletableFuture<Void> cut = cutAtSecondInsert(mongo);

            List<String> results = importUsers(cluster);

            cut.join();
            int resultCount = results.size() - 1;
            assertThat(results.get(resultCount))
                    .contains("\"stopped\",\"line\":" + (resultCount + 1) + ",\"code\":\"STORE_UNAVAILABLE\"");
            assertThat(resultCount).isBetween(1, USERS - 1);

            mongo.restore();
            await().atMost(WAIT_TIMEOUT)
                    .until(() -> cluster.node(0).get("/user", cluster.token()).status() == 200);
            List<String> again = importUsers(cluster);
            assertThat(again.get(USERS)).contains("\"done\"").contains("\"failed\":0");
            assertThat(again.subList(0, resultCount)).allMatch(result -> result.contains("\"unchanged\""));
            assertThat(stored(cluster)).isEqualTo(USERS);
        }
    }

    /**
     * Without Redis, each write waits for two seconds. The wait does not depend on the number of users in the write.
     */
    @Test
    void anImportWithoutRedisMakesFewWrites() {
        try (TestCluster<Node> cluster = TestCluster.ofNodes(1)) {
            AtomicInteger inserts = new AtomicInteger();
            cluster.nodes().get(0).mongo().observe(request -> {
                if (request.contains(INSERT_USERS)) {
                    inserts.incrementAndGet();
                }
            });
            cluster.nodes().get(0).redis().cut();

            assertThat(importUsers(cluster).get(USERS)).contains("\"created\":" + USERS);

            assertThat(inserts).hasValueBetween(1, 12);
        }
    }

    private static CompletableFuture<Void> cutAtSecondInsert(TcpProxy mongo) {
        AtomicInteger inserts = new AtomicInteger();
        CompletableFuture<Void> second = new CompletableFuture<>();
        mongo.observe(request -> {
            if (request.contains(INSERT_USERS) && inserts.incrementAndGet() == 2) {
                second.complete(null);
            }
        });
        return second.thenRunAsync(mongo::cut);
    }

    /** Imports the users and returns the result lines. Each line of the import has about 300 bytes. */
    private static List<String> importUsers(TestCluster<Node> cluster) {
        String lines = IntStream.range(0, USERS)
                .mapToObj(i -> "{\"username\":\"moved." + i + "\",\"note\":\"" + "x".repeat(250) + "\"}\n")
                .collect(Collectors.joining());
        Response response = cluster.node(0)
                .send("POST", "/user/import", lines, "auth", cluster.token(), "Content-Type", "application/x-ndjson");
        assertThat(response.status()).isEqualTo(200);
        return response.body().lines().toList();
    }

    private static long stored(TestCluster<Node> cluster) {
        return cluster.stores().users().countDocuments(Filters.regex("username", "^moved\\."));
    }
}
