package org.gatehouse.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.gatehouse.Node;
import org.gatehouse.war.Answer;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A store becomes unavailable and returns while clients use two nodes: they read users and a list, make changes and log
 * in. The failures in each second are printed.
 */
@Tag("fault")
@Execution(ExecutionMode.CONCURRENT)
class OutageTest {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Duration BEFORE = Duration.ofSeconds(2);
    private static final Duration AFTER = Duration.ofSeconds(5);
    private static final Duration QUIET = Duration.ofSeconds(2);

    @Test
    void withoutRedisNoRequestFails() {
        Timeline timeline = strike(
                "Redis",
                site -> site.stores().redis().kill(),
                site -> site.stores().redis().restart());

        assertThat(timeline.failed()).isEmpty();
        assertThat(timeline.answered()).isGreaterThan(100);
    }

    @Test
    void withoutMongoRequestsGetRetryAfterAndAreServedLater() {
        Timeline timeline = strike(
                "MongoDB",
                site -> site.nodes().forEach(node -> node.mongo().cut()),
                site -> site.nodes().forEach(node -> node.mongo().restore()));

        assertThat(timeline.failed()).isNotEmpty().allMatch(answer -> answer.equals("503 with Retry-After"));
    }

    /** Finally waits until no call has failed for a while. */
    private static Timeline strike(
            String store, Consumer<TestCluster<Node>> going, Consumer<TestCluster<Node>> returning) {
        Timeline timeline = new Timeline();
        try (TestCluster<Node> site = site();
                Clients clients = new Clients(site, timeline)) {
            clients.start();
            Pause.of(BEFORE);
            assertThat(timeline.failed()).as("before").isEmpty();
            timeline.mark(store + " goes");
            going.accept(site);
            Pause.of(Scenario.LENGTH);
            timeline.mark(store + " returns");
            returning.accept(site);
            Pause.of(AFTER);
            // On a busy machine the last failure may come late; it is printed.
            await().atMost(LONGEST).until(() -> timeline.sinceLastFailure().compareTo(QUIET) > 0);
        }
        System.out.println("outage: " + store + "\n" + timeline);
        return timeline;
    }

    /** Returns a site that answers from its cache, because nodes that have just started do not use it yet. */
    private static TestCluster<Node> site() {
        TestCluster<Node> site = TestCluster.ofNodes(2, Map.of("TRUSTED_PROXIES", "127.0.0.1"));
        try {
            site.awaitHits(LONGEST);
            return site;
        } catch (AssertionError failed) {
            site.close();
            throw failed;
        }
    }

    /** Clients with one thread for each kind of call and node, which pauses between calls. */
    private static final class Clients implements AutoCloseable {
        private final List<Thread> threads;
        private final Timeline timeline;
        private volatile boolean enough;

        private interface Call {
            Answer on(ServiceClient node);
        }

        Clients(TestCluster<Node> site, Timeline timeline) {
            this.timeline = timeline;
            List<String> keys = site.commonKeys();
            String token = site.token();
            List<Call> calls = List.of(
                    node -> node.get("/user/" + any(keys), token),
                    node -> node.get("/user?limit=5", token),
                    node -> node.patch("/user/" + any(keys), token, "{\"n\":" + System.nanoTime() + "}"),
                    node -> node.loginFrom(somewhere(), ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD));
            this.threads = site.nodes().stream()
                    .flatMap(linked -> calls.stream().map(call -> new Thread(() -> run(linked.node(), call))))
                    .toList();
        }

        void start() {
            threads.forEach(Thread::start);
        }

        private void run(Node node, Call call) {
            while (!enough) {
                timeline.note(() -> call.on(node));
                Pause.millis(20 + ThreadLocalRandom.current().nextInt(60));
            }
        }

        private static String any(List<String> keys) {
            return keys.get(ThreadLocalRandom.current().nextInt(keys.size()));
        }

        private static String somewhere() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return "10." + random.nextInt(256) + "." + random.nextInt(256) + "." + random.nextInt(256);
        }

        @Override
        public void close() {
            enough = true;
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
