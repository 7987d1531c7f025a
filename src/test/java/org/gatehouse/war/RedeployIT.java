package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests that redeployments under load in one Tomcat do not leak memory or threads. There are 10 redeployments, or 25
 * with {@code -Dgatehouse.long=true}.
 */
@Tag("full")
class RedeployIT {
    private static final int TIMES = Boolean.getBoolean("gatehouse.long") ? 25 : 10;
    private static final int CLIENTS = 4;
    private static final String PATH = "/accounts";

    /**
     * The limit for the heap, and also for the metaspace, of one application. One application uses about 7 MB of heap,
     * 33 MB of metaspace and 15 threads.
     */
    private static final long APPLICATION_BYTES = 33L << 20;

    /**
     * The growth that is permitted besides the retained applications. The server and its manager application cause this
     * growth.
     */
    private static final long TOLERANCE_BYTES = 12L << 20;

    private static final int TOLERANCE_THREADS = 3;

    private static final List<String> LOGGED_PROBLEMS = List.of("SEVERE", " ERROR ", "memory leak", "cannot be ended");

    /**
     * Tomcat's warning about one of Tomcat's own threads. This thread periodically works for each application, possibly
     * while the application stops.
     */
    static final String UTILITY_THREAD = "appears to have started a thread named [Catalina-utility-";

    /**
     * With this option, each garbage collection clears all soft references. Java then frees the memory of its own
     * caches.
     */
    private static final String NO_SOFT_REFERENCES = "-XX:SoftRefLRUPolicyMSPerMB=0";

    /**
     * The newest installed Java, because older versions keep more stopped applications in memory. See
     * {@link #MAX_RETAINED}.
     */
    private static final Jdk JDK =
            Jdk.present().stream().max(Comparator.comparing(Jdk::feature)).orElseThrow();

    /**
     * The number of stopped applications that may stay in memory. When Java creates the method {@code equals} of a
     * record class, Java keeps a reference to this class. Only the next record class replaces the reference. Java does
     * the same for {@code hashCode} and {@code toString}, so there are three references.
     *
     * <p>The references are method handles of {@code ObjectMethods} and their {@code asTypeCache}. Since Java 19, these
     * references are soft. In a heap dump of Java 25, a stopped application was reachable only through these
     * references. The number of redeployments is higher, so the test detects an application that leaks each time.
     */
    private static final int MAX_RETAINED = 3;

    @Test
    void redeploymentsLeakNothing() throws IOException, InterruptedException {
        Path base = AppServer.base(Distribution.TOMCAT_11, List.of());
        TomcatManager.addTo(base);
        try (Stores stores = new Stores();
                AppServer server =
                        AppServer.start(Distribution.TOMCAT_11, JDK, Map.of("JAVA_OPTS", NO_SOFT_REFERENCES), base)) {
            Path descriptor = base.resolve("gatehouse.xml");
            Files.writeString(
                    descriptor,
                    Distribution.TOMCAT_11.descriptor(new Deployment(PATH, ServiceClient.settings(stores, Map.of()))));
            server.awaitResponse();
            TomcatManager manager = new TomcatManager(server);

            List<State> states = new ArrayList<>();
            for (int i = 1; i <= TIMES; i++) {
                manager.deploy(PATH, descriptor);
                String token = server.awaitReady(PATH).adminToken();
                try (Clients clients = new Clients(server.uri() + PATH, token)) {
                    server.awaitLog("The cache is used", i);
                    clients.awaitResponses();
                    manager.undeploy(PATH);
                }
                states.add(State.of(manager));
            }

            server.stop();
            System.out.println("Redeployed: " + states);
            assertThat(server.log().lines().filter(line -> !line.contains(UTILITY_THREAD)))
                    .noneMatch(line -> LOGGED_PROBLEMS.stream().anyMatch(line::contains));
            State first = states.get(0);
            State last = states.get(states.size() - 1);
            assertThat(last.heap())
                    .as("heap: %s", states)
                    .isLessThan(first.heap() + TOLERANCE_BYTES + MAX_RETAINED * APPLICATION_BYTES);
            assertThat(last.metaspace())
                    .as("metaspace: %s", states)
                    .isLessThan(first.metaspace() + TOLERANCE_BYTES + MAX_RETAINED * APPLICATION_BYTES);
            assertThat(last.threads())
                    .as("threads: %s", states)
                    .isLessThanOrEqualTo(first.threads() + TOLERANCE_THREADS);
        }
    }

    /** The memory of the server process in bytes, and the number of its threads, after a garbage collection. */
    private record State(long heap, long metaspace, long threads) {
        static State of(TomcatManager manager) {
            // A server thread may reference a stopped application until the thread serves another request.
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> manager.findLeaks().size() <= MAX_RETAINED);
            manager.collectGarbage();
            return new State(manager.heapUsed(), manager.metaspaceUsed(), manager.threads());
        }
    }

    /** Clients that send requests until the application has been undeployed. */
    private static final class Clients implements AutoCloseable {
        private static final int WARM = 200;

        private final HttpClient http = HttpClient.newHttpClient();
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger responses = new AtomicInteger();
        private final Queue<String> violations = new ConcurrentLinkedQueue<>();
        private final String service;
        private final String token;
        private volatile boolean stopped;

        Clients(String service, String token) {
            this.service = service;
            this.token = token;
            for (int i = 0; i < CLIENTS; i++) {
                Thread thread = new Thread(this::call, "client-" + i);
                threads.add(thread);
                thread.start();
            }
        }

        private void call() {
            HttpRequest read = HttpRequest.newBuilder(URI.create(service + "/user/me"))
                    .header("auth", token)
                    .timeout(Duration.ofSeconds(20))
                    .build();
            try {
                int status = 200;
                while (!stopped && status == 200) {
                    status = http.send(read, BodyHandlers.ofString()).statusCode();
                    responses.incrementAndGet();
                }
                // When the application has been undeployed, the container itself responds with 404 or 503.
                if (!stopped && status != 404 && status != 503) {
                    violations.add("status " + status);
                }
            } catch (IOException broken) {
                violations.add(broken.toString());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** Waits until the clients have received {@link #WARM} more responses. */
        void awaitResponses() throws InterruptedException {
            int wanted = responses.get() + WARM;
            while (responses.get() < wanted && violations.isEmpty()) {
                Thread.sleep(10);
            }
        }

        @Override
        public void close() {
            stopped = true;
            try {
                for (Thread thread : threads) {
                    thread.join();
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            assertThat(violations).isEmpty();
        }
    }
}
