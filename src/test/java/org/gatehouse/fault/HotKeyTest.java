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
import org.gatehouse.Node;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A thousand readers request a user whose cache entry has just expired. */
@Tag("fault")
class HotKeyTest {
    private static final int READERS = 1_000;

    /** The number of concurrent requests. More would leave the nodes, on the same two cores, no time for Redis. */
    private static final int AT_A_TIME = 100;

    private static final int NODES = 3;
    private static final Duration EXPIRY = Duration.ofSeconds(2);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /** Required good expiries. Not all must be good, because nodes without time for Redis fall back to MongoDB. */
    private static final int GOOD = Math.toIntExact(Math.max(2, Scenario.LENGTH.dividedBy(EXPIRY.multipliedBy(2))));

    private static final int MOST = 4 * GOOD;

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void eachNodeAsksMongoOnceAtMost() {
        try (TestCluster<Node> site =
                TestCluster.ofNodes(NODES, Map.of("REDIS_EXPIRY_SECS", Long.toString(EXPIRY.toSeconds())))) {
            site.awaitHits(site.sparedKeys(), LONGEST);
            String hot = site.keys().get(0);
            burst(site, hot); // opens the connections
            List<Long> finds = new ArrayList<>();
            while (good(finds) < GOOD && finds.size() < MOST) {
                await().pollInterval(Duration.ofMillis(5))
                        .atMost(LONGEST)
                        .until(() -> site.inRedis(hot).equals("null"));
                long before = site.finds();
                assertThat(burst(site, hot)).as("statuses").containsOnly(200);
                finds.add(site.finds() - before);
            }
            System.out.println("fault: " + READERS + " readers on an expiring key, " + NODES
                    + " nodes: questions to MongoDB at each expiry " + finds);
            assertThat(finds).allMatch(asked -> asked >= 1);
            assertThat(good(finds)).as("good ones of " + finds).isEqualTo(GOOD);
        }
    }

    /** Returns how many expiries caused at most one query of each node. */
    private static long good(List<Long> finds) {
        return finds.stream().filter(asked -> asked <= NODES).count();
    }

    private List<Integer> burst(TestCluster<Node> site, String key) {
        List<CompletableFuture<HttpResponse<Void>>> answers = new ArrayList<>();
        Semaphore turns = new Semaphore(AT_A_TIME);
        for (int i = 0; i < READERS; i++) {
            URI uri = URI.create("http://127.0.0.1:" + site.node(i % NODES).port() + "/user/" + key);
            HttpRequest request =
                    HttpRequest.newBuilder(uri).header("auth", site.token()).build();
            turns.acquireUninterruptibly();
            answers.add(http.sendAsync(request, BodyHandlers.discarding())
                    .whenComplete((answer, failure) -> turns.release()));
        }
        return answers.stream()
                .map(answer -> answer.join().statusCode())
                .distinct()
                .toList();
    }
}
