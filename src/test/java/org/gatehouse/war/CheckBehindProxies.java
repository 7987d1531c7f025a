package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.awaitility.core.ConditionTimeoutException;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ReverseProxy.Kind;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Sends requests to an application behind HAProxy, nginx and Apache, which call {@code /check} with the configuration
 * files in {@code deploy}. {@code .ci/proxies} installs missing proxies and runs this test. {@code mvn verify} does not
 * run this test.
 */
@Tag("full")
class CheckBehindProxies {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final byte[] LARGE_BODY = new byte[1_000_000];
    private static final int CONCURRENT = 25;
    private static final int UNAVAILABLE = 503;

    /** The names of the headers that a proxy sets, in lower case and with hyphens. */
    private static final List<String> NAMES = List.of("x-user-id", "x-username", "x-roles");

    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final List<String> report = new ArrayList<>();
    private int failed;

    @Test
    void everyProxyLetsOnlyCheckedRequestsPass() throws Exception {
        try (Stores stores = new Stores();
                Node node = Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1"))) {
            for (Kind kind : Kind.values()) {
                behind(kind, node);
            }
        } finally {
            report.add("%d passed, %d failed".formatted(report.size() - failed, failed));
            Files.createDirectories(Path.of("target", "proxies"));
            Files.write(Path.of("target", "proxies", "check.txt"), report);
            report.forEach(System.out::println);
        }
        assertThat(failed).as(report.toString()).isZero();
    }

    private void behind(Kind kind, Node node) throws Exception {
        int port = EmbeddedRedis.freePort();
        try (Recorder gatehouse = new Recorder(exchange -> forward(exchange, node));
                Recorder application = new Recorder(exchange -> respond(exchange, 200));
                ReverseProxy proxy = ReverseProxy.withCheck(kind, port, gatehouse.port(), application.port())) {
            Requests requests = new Requests(node, port, gatehouse, application);
            check(kind + " rejects a request without a token", () -> {
                proxy.awaitOpen();
                requests.assertRejected("", 401, "Bearer");
            });
            check(
                    kind + " rejects a wrong token",
                    () -> requests.assertRejected("wrong", 401, "Bearer error=\"invalid_token\""));
            check(
                    kind + " rejects a user without the role",
                    () -> requests.assertRejected(
                            requests.user("reader").token(), 403, "Bearer error=\"insufficient_scope\""));
            check(kind + " lets a user pass", requests::assertUserPasses);
            check(kind + " lets a service pass", requests::assertServicePasses);
            check(kind + " removes the client's headers", requests::assertClientHeadersAreRemoved);
            check(kind + " ignores headers that Connection names", requests::assertConnectionRemovesNothing);
            check(kind + " sends the body only to the application", requests::assertBodyPasses);
            check(kind + " does not mix concurrent requests", requests::assertConcurrentRequestsAreNotMixed);
            check(kind + " rejects the next request after a logout", requests::assertLogoutTakesEffect);
            check(kind + " rejects all requests while Gatehouse fails", requests::assertFailureRejects);
            if (kind != Kind.NGINX) { // nginx lets a request pass after any response with 2xx
                check(kind + " rejects a request without the identity of the caller", () -> {
                    gatehouse.responder = exchange -> respond(exchange, 204);
                    requests.assertRejected(requests.user("editor").token(), UNAVAILABLE, "");
                });
            }
            check(kind + " rejects a request if Gatehouse does not respond", requests::assertSilenceRejects);
            check(kind + " rejects all requests while Gatehouse is stopped", requests::assertStopRejects);
        }
    }

    private interface Check {
        void run() throws Exception;
    }

    private void check(String name, Check check) throws Exception {
        try {
            check.run();
            report.add(name + ": passed");
        } catch (AssertionError | ConditionTimeoutException | IOException wrong) {
            failed++;
            report.add(name + ": FAILED: "
                    + String.valueOf(wrong.getMessage()).strip().replaceAll("\\s+", " "));
        }
    }

    private record Account(String id, String name, String token) {}

    /** The requests of clients to the application behind one proxy. */
    private record Requests(Node node, int port, Recorder gatehouse, Recorder application) {
        Account user(String role) {
            String name = "jürgen-" + new ObjectId();
            String created = Json.MAPPER
                    .createObjectNode()
                    .put("username", name)
                    .put("password", PASSWORD)
                    .set("roles", Json.MAPPER.createArrayNode().add(role))
                    .toString();
            Response response = node.post("/user", node.adminToken(), created);
            assertThat(response.status()).as(response.body()).isEqualTo(201);
            return new Account(response.text("_id"), name.replace("ü", "%C3%BC"), node.token(name, PASSWORD));
        }

        private Account service() {
            Response response =
                    node.post("/service", node.adminToken(), "{\"name\":\"nightly job\",\"roles\":[\"editor\"]}");
            assertThat(response.status()).as(response.body()).isEqualTo(201);
            String id = response.text("_id");
            return new Account(id, "nightly%20job", node.serviceToken(id, response.text("secret")));
        }

        private HttpRequest.Builder request(String token) {
            HttpRequest.Builder request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + port + "/page/1?role=reader&x=%2F"))
                    .timeout(TIMEOUT);
            return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
        }

        private HttpResponse<String> fetch(HttpRequest.Builder request) throws IOException, InterruptedException {
            gatehouse.received.clear();
            application.received.clear();
            return http.send(request.build(), BodyHandlers.ofString());
        }

        /** Sends a request that may pass. Returns the request that the application received. */
        private Received passed(HttpRequest.Builder request, Account account) throws IOException, InterruptedException {
            HttpResponse<String> response = fetch(request);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            assertThat(gatehouse.received).hasSize(1);
            return received(account);
        }

        private Received received(Account account) {
            assertThat(application.received).hasSize(1);
            Received received = application.received.remove();
            assertThat(received.identity())
                    .containsExactlyInAnyOrderEntriesOf(Map.of(
                            "X-user-id",
                            List.of(account.id()),
                            "X-username",
                            List.of(account.name()),
                            "X-roles",
                            List.of("editor")));
            return received;
        }

        void assertRejected(String token, int status, String challenge) throws IOException, InterruptedException {
            for (String method : List.of("GET", "HEAD", "POST", "OPTIONS")) {
                HttpResponse<String> response = fetch(request(token).method(method, BodyPublishers.noBody()));
                assertThat(response.statusCode()).as(method).isEqualTo(status);
                assertThat(response.headers().allValues("WWW-Authenticate"))
                        .as(method)
                        .isEqualTo(challenge.isEmpty() ? List.of() : List.of(challenge));
                assertThat(application.received).as(method).isEmpty();
            }
        }

        void assertUserPasses() throws IOException, InterruptedException {
            Account editor = user("editor");
            for (String method : List.of("GET", "HEAD", "DELETE")) {
                Received received = passed(request(editor.token()).method(method, BodyPublishers.noBody()), editor);
                assertThat(received.method()).isEqualTo(method);
                assertThat(received.uri()).isEqualTo("/page/1?role=reader&x=%2F");
            }
            Received unused = passed(request("").header("auth", editor.token()), editor);
        }

        void assertServicePasses() throws IOException, InterruptedException {
            Account service = service();
            Received unused = passed(request(service.token()), service);
        }

        void assertClientHeadersAreRemoved() throws IOException, InterruptedException {
            Account editor = user("editor");
            for (String name : NAMES) {
                HttpRequest.Builder request = request(editor.token());
                for (String spelling : List.of(
                        name,
                        name.toUpperCase(Locale.ROOT),
                        name.replace('-', '_'),
                        name.toUpperCase(Locale.ROOT).replace('-', '_'),
                        name.replaceFirst("-", "_"),
                        name.replaceFirst("-(?!.*-)", "_"),
                        name.replace('-', '.'))) {
                    request.header(spelling, "forged").header(spelling, "");
                }
                Received unused = passed(request, editor);
                unused = passed(request(editor.token()).header(name, "forged"), editor);
            }
        }

        /** A client must not be able to name a header of the proxy as a header of the connection. */
        void assertConnectionRemovesNothing() throws IOException {
            Account editor = user("editor");
            gatehouse.received.clear();
            application.received.clear();
            String request = "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + editor.token()
                    + "\r\nConnection: close, X-User-Id, x-username\r\nConnection: X-ROLES\r\n\r\n";
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout((int) TIMEOUT.toMillis());
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
                assertThat(new String(line, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 200");
            }
            Received unused = received(editor);
        }

        /** The headers of the body do not belong to the request to Gatehouse either, which would reject them. */
        void assertBodyPasses() throws IOException, InterruptedException {
            Account editor = user("editor");
            for (boolean chunked : List.of(false, true)) {
                Received received = passed(
                        request(editor.token())
                                .header("Content-Type", "application/json")
                                .header("Content-Encoding", "gzip")
                                .POST(
                                        chunked
                                                ? BodyPublishers.ofByteArrays(List.of(LARGE_BODY))
                                                : BodyPublishers.ofByteArray(LARGE_BODY)),
                        editor);
                assertThat(received.length()).isEqualTo(LARGE_BODY.length);
                Received check = gatehouse.received.remove();
                assertThat(check.uri()).isEqualTo("/check?role=editor");
                assertThat(check.length()).isZero();
                assertThat(check.headers()).doesNotContainKeys("Content-encoding", "Transfer-encoding");
                assertThat(check.headers().getFirst("Content-length")).isIn(null, "0");
            }
        }

        void assertConcurrentRequestsAreNotMixed() {
            gatehouse.received.clear();
            application.received.clear();
            // The later requests do not use these connections, which the proxy may close meanwhile.
            HttpClient clients =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            List<CompletableFuture<HttpResponse<String>>> passing = new ArrayList<>();
            List<CompletableFuture<HttpResponse<String>>> rejected = new ArrayList<>();
            List<Account> editors = List.of(user("editor"), user("editor"), service());
            String reader = user("reader").token();
            for (int i = 0; i < CONCURRENT; i++) {
                for (Account editor : editors) {
                    passing.add(clients.sendAsync(
                            request(editor.token())
                                    .header("Expected", editor.id())
                                    .build(),
                            BodyHandlers.ofString()));
                }
                rejected.add(clients.sendAsync(request(reader).build(), BodyHandlers.ofString()));
            }
            assertThat(passing).allMatch(response -> response.join().statusCode() == 200);
            assertThat(rejected).allMatch(response -> response.join().statusCode() == 403);
            assertThat(application.received)
                    .hasSameSizeAs(passing)
                    .allSatisfy(received -> assertThat(received.headers().get("X-User-Id"))
                            .isEqualTo(received.headers().get("Expected")));
        }

        void assertLogoutTakesEffect() throws IOException, InterruptedException {
            Account editor = user("editor");
            for (int i = 0; i < 3; i++) {
                Received unused = passed(request(editor.token()), editor);
            }
            assertThat(node.post("/logout", editor.token(), "{}").status()).isEqualTo(200);
            assertRejected(editor.token(), 401, "Bearer error=\"invalid_token\"");
        }

        void assertFailureRejects() throws IOException, InterruptedException {
            String token = user("editor").token();
            for (int status : List.of(302, 404, 429, 500, 503)) {
                gatehouse.responder = exchange -> respond(exchange, status);
                assertRejected(token, UNAVAILABLE, "");
            }
        }

        void assertSilenceRejects() throws IOException, InterruptedException {
            String token = user("editor").token();
            CountDownLatch released = new CountDownLatch(1);
            gatehouse.responder = exchange -> {
                try {
                    released.await();
                } catch (InterruptedException stopping) {
                    Thread.currentThread().interrupt();
                }
            };
            try {
                assertThat(fetch(request(token)).statusCode()).isEqualTo(UNAVAILABLE);
                assertThat(application.received).isEmpty();
            } finally {
                released.countDown();
            }
        }

        void assertStopRejects() throws IOException, InterruptedException {
            String token = user("editor").token();
            gatehouse.close();
            assertRejected(token, UNAVAILABLE, "");
        }
    }

    private record Received(String method, String uri, Headers headers, int length) {
        /** Returns all headers that an application could read as the identity of the caller. */
        Map<String, List<String>> identity() {
            Map<String, List<String>> identity = new TreeMap<>(headers);
            identity.keySet()
                    .removeIf(name -> !NAMES.contains(
                            name.toLowerCase(Locale.ROOT).replace('_', '-').replace('.', '-')));
            return identity;
        }
    }

    private interface Responder {
        void respond(HttpExchange exchange) throws IOException;
    }

    /** A server that records the requests. */
    private static final class Recorder implements AutoCloseable {
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final HttpServer server;
        private final Queue<Received> received = new ConcurrentLinkedQueue<>();
        private volatile Responder responder;

        Recorder(Responder responder) throws IOException {
            this.responder = responder;
            this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_024);
            server.setExecutor(threads);
            server.createContext("/", this::record);
            server.start();
        }

        int port() {
            return server.getAddress().getPort();
        }

        private void record(HttpExchange exchange) throws IOException {
            int length;
            try (InputStream body = exchange.getRequestBody()) {
                length = body.readAllBytes().length;
            }
            received.add(new Received(
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().toString(),
                    exchange.getRequestHeaders(),
                    length));
            responder.respond(exchange);
        }

        @Override
        public void close() {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private static void respond(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    /** Sends the request, with all its headers of interest to Gatehouse, and returns the response without its body. */
    private static void forward(HttpExchange exchange, Node node) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.baseUri() + exchange.getRequestURI()))
                .method(exchange.getRequestMethod(), BodyPublishers.noBody());
        for (String name : List.of("Authorization", "auth", "X-Forwarded-For", "Content-Encoding")) {
            exchange.getRequestHeaders().getOrDefault(name, List.of()).forEach(value -> request.header(name, value));
        }
        try {
            HttpResponse<Void> response = http.send(request.build(), BodyHandlers.discarding());
            for (String name : List.of("X-User-Id", "X-Username", "X-Roles", "WWW-Authenticate")) {
                response.headers()
                        .firstValue(name)
                        .ifPresent(value -> exchange.getResponseHeaders().set(name, value));
            }
            respond(exchange, response.statusCode());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
