package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests real servers in their default configuration. The clients are slow or disconnect. The server is Tomcat 11.
 * {@code -Dgatehouse.long=true} tests all servers.
 */
@Tag("full")
class SlowClientsIT {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String JSON = "Content-Type: application/json";
    private static final String NDJSON = "Content-Type: application/x-ndjson";

    /** The number of connections. This number exceeds the 200 threads that a server has by default. */
    private static final int CONNECTIONS = 220;

    private static final int DISCONNECTS = 30;

    /**
     * The wait is long, because a server may read buffered bytes before it detects that the client has disconnected.
     */
    private static final Duration WAIT_TIMEOUT = Duration.ofSeconds(30);

    /** A log message of Jetty about its own base folder. This message is not about Gatehouse. */
    private static final String MISSING_FOLDER = "DeploymentScanner:main: Does not exist";

    private static Stores stores;

    @BeforeAll
    static void start() {
        stores = new Stores();
    }

    @AfterAll
    static void stop() {
        stores.close();
    }

    static Stream<Distribution> servers() {
        return Boolean.getBoolean("gatehouse.long")
                ? Stream.of(Distribution.values())
                : Stream.of(Distribution.TOMCAT_11);
    }

    @ParameterizedTest
    @MethodSource("servers")
    void slowClientsDoNotBlockOthers(Distribution distribution) {
        try (AppServer server = start(distribution);
                SlowClients slow = new SlowClients(server.port(), Duration.ofSeconds(8))) {
            ServiceClient service = server.awaitReady("");
            String name = "slow-" + distribution.name().toLowerCase(Locale.ROOT);
            service.create(service.adminToken(), name, PASSWORD);
            String token = service.token(name, PASSWORD);
            Map<Socket, String> sockets = new LinkedHashMap<>();
            for (int i = 0; i < CONNECTIONS / 11; i++) {
                sockets.put(slow.trickling("POST", "/login", JSON), "408");
                sockets.put(slow.tricklingInChunks("POST", "/login", JSON), "408");
                sockets.put(slow.silent("POST", "/login", JSON), "408");
                sockets.put(slow.trickling("POST", "/user", JSON), "408");
                sockets.put(slow.trickling("POST", "/nothing", JSON), "408");
                sockets.put(slow.trickling("GET", "/health/live"), "408");
                sockets.put(slow.trickling("DELETE", "/user/me", "auth: " + token), "408");
                sockets.put(slow.trickling("POST", "/user/import", NDJSON), "401");
                sockets.put(slow.tricklingInChunks("POST", "/user/import", NDJSON, "auth: " + token), "403");
                sockets.put(slow.trickling("POST", "/user/import", JSON), "415");
                sockets.put(slow.trickling("TRACE", "/user/me"), distribution.isTomcat() ? "405" : "403");
            }

            for (int i = 0; i < 10; i++) {
                assertThat(service.get("/health/live", "").status()).isEqualTo(200);
                assertThat(service.login(name, PASSWORD).status()).isEqualTo(200);
            }

            sockets.forEach((socket, status) -> assertThat(SlowClients.response(socket))
                    .startsWith("HTTP/1.1 ")
                    .contains(status));
            server.stop();
            assertNothingIsReported(server);
        }
    }

    @ParameterizedTest
    @MethodSource("servers")
    void eachDisconnectCausesOneLogLine(Distribution distribution) throws IOException {
        try (AppServer server = start(distribution)) {
            ServiceClient service = server.awaitReady("");
            String admin = service.adminToken();
            List<String> requests = List.of(
                    "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n",
                    "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n",
                    "GET /user/export HTTP/1.1\r\nHost: a\r\nauth: " + admin + "\r\n\r\n",
                    "POST /login HTTP/1.1\r\nHost: a\r\n" + JSON + "\r\nContent-Length: 60\r\n\r\n{",
                    "POST /login HTTP/1.1\r\nHost: a\r\n" + JSON + "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
                    "POST /user/import HTTP/1.1\r\nHost: a\r\nauth: " + admin + "\r\n" + NDJSON
                            + "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
                    "POST /user/import HTTP/1.1\r\nHost: a\r\n" + NDJSON + "\r\nContent-Length: 60000\r\n\r\n{");
            for (String request : requests) {
                for (int i = 0; i < DISCONNECTS; i++) {
                    disconnect(server.port(), request.repeat(request.startsWith("GET") ? 10 : 1), i % 2 == 0);
                }
            }
            await().atMost(WAIT_TIMEOUT).until(() -> server.log().contains("\"brokenOff\":true"));
            await().atMost(WAIT_TIMEOUT).until(() -> loginLines(server).count() == 2 * DISCONNECTS);
            assertThat(loginLines(server)).allMatch(line -> line.contains("\"method\":\"POST\""));
            assertThat(loginLines(server)).allMatch(line -> line.contains("\"brokenOff\":true"));
            assertThat(service.get("/health/live", "").status()).isEqualTo(200);
            server.stop();
            assertNothingIsReported(server);
        }
    }

    private static AppServer start(Distribution distribution) {
        Map<String, String> settings = ServiceClient.settings(stores, Map.of("LOG_FORMAT", "json"));
        return AppServer.start(distribution, Jdk.own(), Map.of(), List.of(new Deployment("", settings)));
    }

    /** Sends a request and disconnects, with a reset if {@code abruptly} is true. */
    private static void disconnect(int port, String request, boolean abruptly) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            if (request.startsWith("GET")) {
                socket.getInputStream().readNBytes(100);
            }
            if (abruptly) {
                socket.setSoLinger(true, 0);
            }
        }
    }

    private static Stream<String> loginLines(AppServer server) {
        return server.log()
                .lines()
                .filter(line -> line.contains("\"route\":\"/login\"") && line.contains("\"status\":400"));
    }

    private static void assertNothingIsReported(AppServer server) {
        List<String> lines = server.log()
                .lines()
                .filter(line -> !line.contains(MISSING_FOLDER))
                .toList();
        assertThat(lines)
                .noneMatch(line -> Stream.of("SEVERE", "WARNING", "\"ERROR\"", "\tat ", "\"error\":", "memory leak")
                        .anyMatch(line::contains));
        assertThat(lines)
                .filteredOn(line -> line.contains("org.gatehouse.access"))
                .allMatch(line -> line.startsWith("{\"time\""));
    }
}
