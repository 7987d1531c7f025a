package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ReverseProxy.Kind;
import org.gatehouse.war.ReverseProxy.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Runs two nodes behind HAProxy, nginx and Apache with the configuration files in {@code deploy}. Stops one node under
 * load. {@code .ci/proxies} installs missing proxies and runs this test. {@code mvn verify} does not run this test.
 */
@Tag("full")
@Isolated("because it measures requests under load")
class BehindProxies {
    private static final Path FOLDER = Path.of("target", "proxies").toAbsolutePath();
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration WAIT_TIMEOUT = Duration.ofMinutes(1);

    /**
     * The pause between two logins. The throttle permits 300 logins from one source in 5 minutes. With this pause, all
     * proxies together stay below this limit.
     */
    private static final long LOGIN_EVERY_MS = 300;

    private static final long READ_EVERY_MS = 10;

    /** The minimum number of responses of each kind, both before and after a node stops. */
    private static final int MIN_RESPONSES = 10;

    @Test
    void noRequestFailsWhileANodeStops() throws Exception {
        Files.createDirectories(FOLDER);
        try (Stores stores = new Stores();
                AppServer one = start(stores);
                AppServer two = start(stores)) {
            ServiceClient service = one.awaitReady("");
            two.awaitReady("");
            service.create(service.adminToken(), "alice", PASSWORD);
            try (Proxy haproxy = new Proxy(Kind.HAPROXY, one, two);
                    Proxy nginx = new Proxy(Kind.NGINX, one, two);
                    Proxy apache = new Proxy(Kind.APACHE, one, two)) {
                List<Proxy> proxies = List.of(haproxy, nginx, apache);
                proxies.forEach(Proxy::awaitReady);
                proxies.forEach(BehindProxies::assertClientAddressCannotBeForged);
                proxies.forEach(Proxy::beginLoad);
                proxies.forEach(Proxy::awaitResponses);

                nginx.disable(two);
                two.stop();
                proxies.forEach(Proxy::awaitResponses);
                proxies.forEach(Proxy::endLoad);

                report(proxies, two);
            }
        }
    }

    private static AppServer start(Stores stores) {
        Map<String, String> settings =
                ServiceClient.settings(stores, Map.of("SHUTDOWN_DELAY", "PT5S", "TRUSTED_PROXIES", "127.0.0.1"));
        return AppServer.start(Distribution.TOMCAT_11, Jdk.own(), Map.of(), List.of(new Deployment("", settings)));
    }

    private static void assertClientAddressCannotBeForged(Proxy proxy) {
        Response login = proxy.send(
                "POST",
                "/login",
                ServiceClient.credentials("alice", PASSWORD),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                "203.0.113.9",
                "Forwarded",
                "for=203.0.113.9");
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        Response sessions = proxy.get("/session", login.text("token"));
        assertThat(sessions.json().findValuesAsText("ip")).as(proxy.name).containsOnly("127.0.0.1");
        assertThat(proxy.statusOfMetrics()).as(proxy.name).isEqualTo(404);
    }

    private static void report(List<Proxy> proxies, AppServer stopped) throws IOException {
        List<String> lines = new ArrayList<>();
        stopped.log().lines().filter(line -> line.contains("Stopping in")).forEach(lines::add);
        int failed = 0;
        for (Proxy proxy : proxies) {
            lines.add("%s: %d logins and %d reads while a node stopped, %d failed%s"
                    .formatted(
                            proxy.name,
                            proxy.logins.get(),
                            proxy.reads.get(),
                            proxy.failures.size(),
                            proxy.failures.isEmpty() ? "" : " " + proxy.failures));
            failed += proxy.failures.isEmpty() ? 0 : 1;
        }
        lines.add("%d passed, %d failed".formatted(proxies.size() - failed, failed));
        Files.write(FOLDER.resolve("report.txt"), lines);
        lines.forEach(System.out::println);
        assertThat(failed).as(lines.toString()).isZero();
        assertThat(lines).anyMatch(line -> line.contains("Stopping in 5000 ms"));
    }

    /** A proxy with its clients. */
    private static final class Proxy extends ReverseProxy {
        final String name;
        final AtomicInteger logins = new AtomicInteger();
        final AtomicInteger reads = new AtomicInteger();
        final Queue<String> failures = new ConcurrentLinkedQueue<>();

        private final ScheduledExecutorService clients = Executors.newScheduledThreadPool(6);
        private final HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .build();

        Proxy(Kind kind, AppServer one, AppServer two) throws IOException {
            super(kind, Shape.ROOT, "", EmbeddedRedis.freePort(), List.of(one.port(), two.port()));
            this.name = kind.toString();
        }

        /**
         * Returns the status of {@code GET /metrics}. The proxy itself sends the response, so the API description does
         * not apply.
         */
        int statusOfMetrics() {
            HttpRequest request = HttpRequest.newBuilder(URI.create(baseUri() + "/metrics"))
                    .timeout(Duration.ofSeconds(30))
                    .build();
            try {
                return http.send(request, BodyHandlers.discarding()).statusCode();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(interrupted);
            }
        }

        /**
         * Marks the node as down in the configuration. An operator must do the same, because nginx does not check the
         * health of nodes.
         */
        void disable(AppServer node) throws IOException, InterruptedException {
            reconfigure(config -> {
                Matcher line = Pattern.compile("(server 127\\.0\\.0\\.1:" + node.port() + ") [^;]*;")
                        .matcher(config);
                assertThat(line.find()).isTrue();
                return line.replaceFirst("$1 down;");
            });
        }

        void beginLoad() {
            String token = token("alice", PASSWORD);
            HttpRequest login = HttpRequest.newBuilder(URI.create(baseUri() + "/login"))
                    .header("Content-Type", "application/json")
                    .timeout(Duration.ofSeconds(30))
                    .POST(BodyPublishers.ofString(credentials("alice", PASSWORD)))
                    .build();
            HttpRequest read = HttpRequest.newBuilder(URI.create(baseUri() + "/user/me"))
                    .header("auth", token)
                    .timeout(Duration.ofSeconds(30))
                    .build();
            repeat(login, LOGIN_EVERY_MS, logins);
            for (int i = 0; i < 3; i++) {
                repeat(read, READ_EVERY_MS, reads);
            }
        }

        private void repeat(HttpRequest request, long everyMs, AtomicInteger count) {
            var unused = clients.scheduleWithFixedDelay(
                    () -> {
                        try {
                            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
                            if (response.statusCode() != 200) {
                                failures.add(request.method() + " " + response.statusCode() + " " + response.body());
                            }
                        } catch (IOException broken) {
                            failures.add(request.method() + " " + broken);
                        } catch (InterruptedException stopping) {
                            Thread.currentThread().interrupt();
                            return;
                        }
                        count.incrementAndGet();
                    },
                    0,
                    everyMs,
                    TimeUnit.MILLISECONDS);
        }

        void awaitResponses() {
            int wantedLogins = logins.get() + MIN_RESPONSES;
            int wantedReads = reads.get() + MIN_RESPONSES;
            await().atMost(WAIT_TIMEOUT).until(() -> logins.get() >= wantedLogins && reads.get() >= wantedReads);
        }

        void endLoad() {
            clients.shutdown();
            try {
                assertThat(clients.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            clients.shutdownNow();
            super.close();
        }
    }
}
