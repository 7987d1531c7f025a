package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.gatehouse.app.Node;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Tests two nodes under load while a store becomes unavailable and returns. The clients read users and a list, change
 * users, and log in. The test prints the failures of each second.
 */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class OutageTest {
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration BEFORE = Duration.ofSeconds(2);
    private static final Duration AFTER = Duration.ofSeconds(5);
    private static final Duration WITHOUT_FAILURE = Duration.ofSeconds(2);

    @Test
    void withoutRedisNoRequestFails() {
        Timeline timeline = runOutage(
                "Redis",
                cluster -> cluster.stores().redis().kill(),
                cluster -> cluster.stores().redis().restart());

        assertThat(timeline.failed()).isEmpty();
        assertThat(timeline.succeeded()).isGreaterThan(100);
    }

    @Test
    void requestsFailWithRetryAfterUntilMongoDbReturns() {
        Timeline timeline = runOutage(
                "MongoDB",
                cluster -> cluster.nodes().forEach(node -> node.mongo().cut()),
                cluster -> cluster.nodes().forEach(node -> node.mongo().restore()));

        assertThat(timeline.failed()).isNotEmpty().allMatch(failure -> failure.equals("503 with Retry-After"));
    }

    /** Stops and restarts a store. Then waits until no call has failed for some time. */
    private static Timeline runOutage(
            String store, Consumer<TestCluster<Node>> stop, Consumer<TestCluster<Node>> restart) {
        Timeline timeline = new Timeline();
        try (TestCluster<Node> cluster = cluster();
                Clients clients = new Clients(cluster, timeline)) {
            clients.start();
            Sleep.of(BEFORE);
            assertThat(timeline.failed()).as("failures before the outage").isEmpty();
            timeline.mark(store + " stops");
            stop.accept(cluster);
            Sleep.of(Scenario.LENGTH);
            timeline.mark(store + " returns");
            restart.accept(cluster);
            Sleep.of(AFTER);
            // On a busy machine, the last failure may come late. The printed timeline shows this failure.
            await().atMost(WAIT_TIMEOUT).until(() -> timeline.sinceLastFailure().compareTo(WITHOUT_FAILURE) > 0);
        }
        System.out.println("outage: " + store + "\n" + timeline);
        return timeline;
    }

    /**
     * Returns a cluster whose nodes use the cache. The wait is necessary because nodes bypass the cache after their
     * start.
     */
    private static TestCluster<Node> cluster() {
        TestCluster<Node> cluster = TestCluster.ofNodes(2, Map.of("TRUSTED_PROXIES", "127.0.0.1"));
        try {
            cluster.awaitHits(WAIT_TIMEOUT);
            return cluster;
        } catch (AssertionError failed) {
            cluster.close();
            throw failed;
        }
    }

    /** Clients with one thread for each node and each kind of call. Each thread sleeps between its calls. */
    private static final class Clients implements AutoCloseable {
        private final List<Thread> threads;
        private final Timeline timeline;
        private volatile boolean stopped;

        private interface Call {
            Response on(ServiceClient node);
        }

        Clients(TestCluster<Node> cluster, Timeline timeline) {
            this.timeline = timeline;
            List<String> keys = cluster.commonKeys();
            String token = cluster.token();
            List<Call> calls = List.of(
                    node -> node.get("/user/" + randomOf(keys), token),
                    node -> node.get("/user?limit=5", token),
                    node -> node.patch("/user/" + randomOf(keys), token, "{\"n\":" + System.nanoTime() + "}"),
                    node -> node.loginFrom(randomAddress(), ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD));
            this.threads = cluster.nodes().stream()
                    .flatMap(linked -> calls.stream().map(call -> new Thread(() -> run(linked.node(), call))))
                    .toList();
        }

        void start() {
            threads.forEach(Thread::start);
        }

        private void run(Node node, Call call) {
            while (!stopped) {
                timeline.record(() -> call.on(node));
                Sleep.millis(20 + ThreadLocalRandom.current().nextInt(60));
            }
        }

        private static String randomOf(List<String> keys) {
            return keys.get(ThreadLocalRandom.current().nextInt(keys.size()));
        }

        private static String randomAddress() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return "10." + random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256);
        }

        @Override
        public void close() {
            stopped = true;
            for (Thread thread : threads) {
                try {
                    thread.join();
                } catch (InterruptedException stopping) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
