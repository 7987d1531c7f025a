package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.log.JsonLogEncoder;
import org.gatehouse.log.TextLogEncoder;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ImportConnection;
import org.gatehouse.war.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * Tests the line that the access log writes for each request. Each test sends a unique request id and finds its line by
 * this id.
 */
@ResourceLock("org.gatehouse.access")
class AccessLogTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";

    /**
     * The time for which the test keeps an import open. During this time, the log must not contain a line about the
     * import.
     */
    private static final Duration SENDING_TIME = Duration.ofMillis(400);

    private static final Logger logger = (Logger) LoggerFactory.getLogger("org.gatehouse.access");
    private static final Queue<ILoggingEvent> lines = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger number = new AtomicInteger();
    private static final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            event.prepareForDeferredProcessing();
            lines.add(event);
        }
    };

    private static @Nullable Level level;
    private static Stores stores;
    private static Node node;
    private static String admin = "";
    private static String adminId = "";
    private static String alice = "";

    private final String requestId = "access-log-" + number.incrementAndGet();

    @BeforeAll
    static void start() {
        level = logger.getLevel();
        logger.setLevel(Level.DEBUG);
        appender.start();
        logger.addAppender(appender);
        stores = new Stores();
        node = Node.start(stores);
        admin = node.adminToken();
        adminId = node.get("/user/me", admin).text("_id");
        node.create(admin, "alice", "correct horse battery staple");
        alice = node.token("alice", "correct horse battery staple");
    }

    @AfterAll
    static void stop() {
        logger.detachAppender(appender);
        logger.setLevel(level);
        node.close();
        stores.close();
    }

    @Test
    void containsRouteStatusTimeUserAndRequestId() {
        node.send("GET", "/user/" + adminId, "", "auth", admin, "X-Request-Id", requestId);

        ILoggingEvent line = line();
        assertThat(line.getFormattedMessage()).matches("GET /user/\\{id} 200 \\d+ ms by " + adminId);
        assertThat(line.getLevel()).isEqualTo(Level.INFO);
        assertThat(line.getMDCPropertyMap()).isEqualTo(Map.of("requestId", requestId));
        assertThat(fields(line).remove("ms")).isInstanceOf(Long.class);
        assertThat(fields(line))
                .containsEntry("method", "GET")
                .containsEntry("route", "/user/{id}")
                .containsEntry("status", 200)
                .containsEntry("user", adminId)
                .hasSize(5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET | /nothing/of/this | | GET unmatched 404",
                "PROPFIND | /user/me | | other /user/{id} 405",
                "TRACE | /user/me | | TRACE /user/{id} 405",
                "GET | /login | | GET /login 405",
                "POST | /key/rotate/ | | POST /key/rotate 401",
                "PUT | /key/rotate | | PUT /key/rotate 405",
                "POST | /openapi.json | | POST /openapi.{form} 405",
                "PUT | / | | PUT / 405",
                "PUT | /health/live | | PUT /health/live 405",
                "GET | /user/me | not-a-jwt | GET /user/{id} 401",
                "POST | /login | | POST /login 400",
                "HEAD | /user/unknown | | HEAD /user/{id} 401",
                "OPTIONS | /user/me | | OPTIONS /user/{id} 204",
                "GET | /health/live | | GET /health/live 200"
            })
    void recordsRejectedRequestsAndHealthChecks(String method, String path, @Nullable String token, String text) {
        node.send(method, path, "", "auth", token == null ? "" : token, "X-Request-Id", requestId);

        assertThat(line().getFormattedMessage()).matches(text.replace("{", "\\{") + " \\d+ ms");
        assertThat(line().getLevel())
                .isEqualTo(path.equals("/health/live") && method.equals("GET") ? Level.DEBUG : Level.INFO);
    }

    @Test
    void recordsRequestsThatJerseyRejects() {
        Response response = node.send("POST", "/login", "{}", "Content-Type", "none", "X-Request-Id", requestId);

        assertThat(line().getFormattedMessage()).matches("POST /login " + response.status() + " \\d+ ms");
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /login, /login",
        "POST, /user, /user",
        "PATCH, /user/me, /user/{id}",
        "POST, /user/import, /user/import"
    })
    void containsTheRouteOfARequestWithAnUnsupportedBodyType(String method, String path, String route) {
        node.send(method, path, "<a/>", "Content-Type", "text/xml", "auth", admin, "X-Request-Id", requestId);

        assertThat(fields(line())).containsEntry("route", route).containsEntry("status", 415);
    }

    @Test
    void containsTheUserOfAForbiddenRequest() {
        node.send("GET", "/user", "", "auth", alice, "X-Request-Id", requestId);

        assertThat(fields(line())).containsEntry("status", 403).containsKey("user");
    }

    @Test
    void containsATraceIdOnlyIfTheRequestSentOne() {
        String traceparent = "00-" + TRACE + "-" + PARENT + "-01";
        node.send("GET", "/user/me", "", "auth", admin, "X-Request-Id", requestId, "traceparent", traceparent);
        assertThat(line().getMDCPropertyMap())
                .isEqualTo(Map.of("requestId", requestId, "traceId", TRACE, "parentId", PARENT));

        // These requests reach each thread of the server. If a thread kept the trace of the first request, a later line
        // would contain this trace.
        for (int i = 0; i < 20; i++) {
            String other = requestId + "-" + i;
            node.send(
                    "GET", "/health/live", "", "X-Request-Id", other, "traceparent", traceparent.replace("00-", "0-"));
            assertThat(line(other).getMDCPropertyMap()).isEqualTo(Map.of("requestId", other));
        }
        String twice = requestId + "-twice";
        node.send(
                "GET",
                "/health/live",
                "",
                "X-Request-Id",
                twice,
                "traceparent",
                traceparent,
                "traceparent",
                traceparent);
        assertThat(line(twice).getMDCPropertyMap()).isEqualTo(Map.of("requestId", twice));
    }

    @Test
    void recordsAnImportWithItsDurationWhenTheImportEnds() throws IOException {
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin, "X-Request-Id: " + requestId)) {
            connection.chunk("{\"username\":\"imported\"}\n".getBytes(StandardCharsets.UTF_8));
            long sending = System.nanoTime();
            await().during(SENDING_TIME).until(() -> lines(requestId).isEmpty());
            Duration took = Duration.ofNanos(System.nanoTime() - sending);
            connection.end();
            assertThat(connection.rest()).contains("\"status\":\"done\"");

            assertThat((Long) fields(line()).get("ms")).isGreaterThanOrEqualTo(took.toMillis());
            assertThat(line().getFormattedMessage()).matches("POST /user/import 200 \\d+ ms by " + adminId);
        }
    }

    @Test
    void recordsAnImportWhoseClientDisconnects() throws IOException {
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin, "X-Request-Id: " + requestId)) {
            connection.chunk("{\"username\":\"imported-too\"}\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(fields(line()))
                .containsEntry("route", "/user/import")
                .containsEntry("status", 400)
                .containsEntry("brokenOff", true);
    }

    @Test
    void recordsARequestWhoseClientDisconnectsWhileSending() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), node.port())) {
            String head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Request-Id: "
                    + requestId + "\r\nContent-Length: 60\r\n\r\n{";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        }

        assertThat(fields(line()))
                .containsEntry("method", "POST")
                .containsEntry("route", "/login")
                .containsEntry("status", 400)
                .containsEntry("brokenOff", true);
    }

    @Test
    void matchesTheExamplesOfTheOperationsPage() throws IOException {
        String traceparent = "00-" + TRACE + "-" + PARENT + "-01";
        node.send("GET", "/user/me", "", "auth", admin, "X-Request-Id", requestId, "traceparent", traceparent);
        List<String> page = Files.readAllLines(Path.of("docs", "operations.md"));

        assertThat(page.stream()
                        .filter(line -> line.matches("2026-.*org\\.gatehouse\\.access.*"))
                        .map(AccessLogTest::withoutVariableParts))
                .containsExactly(withoutVariableParts(
                        new String(new TextLogEncoder().encode(line()), StandardCharsets.UTF_8).stripTrailing()));
        JsonNode json = Response.json(new String(new JsonLogEncoder().encode(line()), StandardCharsets.UTF_8));
        JsonNode shown = Response.json(page.stream()
                .filter(line -> line.startsWith("{\"time\""))
                .findFirst()
                .orElseThrow());
        assertThat(json.fieldNames()).toIterable().containsExactlyInAnyOrderElementsOf(shown::fieldNames);
        for (String same : List.of("level", "logger", "traceId", "parentId", "method", "route", "status")) {
            assertThat(json.path(same)).isEqualTo(shown.path(same));
        }
        assertThat(json.path("ms").isIntegralNumber()).isTrue();
    }

    private static String withoutVariableParts(String line) {
        return line.replaceAll("^\\S+", "TIME")
                .replaceAll("\\[\\S+ ", "[ID ")
                .replaceAll("\\d+ ms by [0-9a-f]{24}$", "MS by USER");
    }

    private ILoggingEvent line() {
        return line(requestId);
    }

    /**
     * Returns the only log line of a request. The node writes the line after it has sent the response, so this method
     * waits for the line.
     */
    private static ILoggingEvent line(String requestId) {
        await().atMost(60, TimeUnit.SECONDS)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> !lines(requestId).isEmpty());
        assertThat(lines(requestId)).hasSize(1);
        return lines(requestId).get(0);
    }

    private static List<ILoggingEvent> lines(String requestId) {
        return lines.stream()
                .filter(line -> requestId.equals(line.getMDCPropertyMap().get("requestId")))
                .toList();
    }

    private static Map<String, Object> fields(ILoggingEvent line) {
        Map<String, Object> fields = new HashMap<>();
        line.getKeyValuePairs().forEach(pair -> fields.put(pair.key, pair.value));
        return fields;
    }
}
