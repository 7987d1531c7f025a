package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.gatehouse.app.Node;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests a thousand readers that request a user whose cache entry has just expired. */
@Tag("fault")
@Isolated("because its readers use all of the machine")
class HotKeyTest {
    private static final int READERS = 1_000;

    /**
     * The number of concurrent requests. With more requests, the nodes would have no processor time left for Redis,
     * because client and nodes share two cores.
     */
    private static final int MAX_CONCURRENT = 100;

    private static final int NODES = 3;
    private static final Duration EXPIRY = Duration.ofSeconds(2);
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);

    /**
     * The number of expiries that must stay within the limit. Additional expiries may exceed the limit, because a
     * node sends more queries to MongoDB if Redis responds too late.
     */
    private static final int REQUIRED_EXPIRIES =
            Math.toIntExact(Math.max(2, Scenario.LENGTH.dividedBy(EXPIRY.multipliedBy(2))));

    private static final int MAX_EXPIRIES = 4 * REQUIRED_EXPIRIES;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void eachNodeSendsAtMostOneQueryAfterAnExpiry() {
        try (TestCluster<Node> cluster =
                TestCluster.ofNodes(NODES, Map.of("REDIS_EXPIRY_SECS", Long.toString(EXPIRY.toSeconds())))) {
            cluster.awaitHits(cluster.reservedKeys(), WAIT_TIMEOUT);
            String hot = cluster.keys().get(0);
            burst(cluster, hot); // the first burst opens the connections
            List<Long> finds = new ArrayList<>();
            while (withinLimit(finds) < REQUIRED_EXPIRIES && finds.size() < MAX_EXPIRIES) {
                await().pollInterval(Duration.ofMillis(5))
                        .atMost(WAIT_TIMEOUT)
                        .until(() -> cluster.entryInRedis(hot).equals("null"));
                long before = cluster.finds();
                assertThat(burst(cluster, hot)).as("statuses").containsOnly(200);
                finds.add(cluster.finds() - before);
            }
            System.out.println("fault: " + READERS + " readers on an expiring key, " + NODES
                    + " nodes: queries to MongoDB at each expiry " + finds);
            assertThat(finds).allMatch(queries -> queries >= 1);
            assertThat(withinLimit(finds))
                    .as("expiries within the limit; queries at each expiry: " + finds)
                    .isEqualTo(REQUIRED_EXPIRIES);
        }
    }

    /** Returns the number of expiries that caused at most {@link #NODES} queries. */
    private static long withinLimit(List<Long> finds) {
        return finds.stream().filter(queries -> queries <= NODES).count();
    }

    private List<Integer> burst(TestCluster<Node> cluster, String key) {
        List<CompletableFuture<HttpResponse<Void>>> responses = new ArrayList<>();
        Semaphore permits = new Semaphore(MAX_CONCURRENT);
        for (int i = 0; i < READERS; i++) {
            URI uri = URI.create("http://127.0.0.1:" + cluster.node(i % NODES).port() + "/user/" + key);
            HttpRequest request =
                    HttpRequest.newBuilder(uri).header("auth", cluster.token()).build();
            permits.acquireUninterruptibly();
            responses.add(http.sendAsync(request, BodyHandlers.discarding())
                    .whenComplete((response, failure) -> permits.release()));
        }
        return responses.stream()
                .map(response -> response.join().statusCode())
                .distinct()
                .toList();
    }
}
