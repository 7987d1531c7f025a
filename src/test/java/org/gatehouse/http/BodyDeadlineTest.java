package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.TakesLong;
import org.gatehouse.war.Response;
import org.gatehouse.war.SlowClients;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests bodies that arrive late, in parts, or not at all. */
@TakesLong
class BodyDeadlineTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String JSON = "Content-Type: application/json";
    private static final Duration SEND_INTERVAL = Duration.ofMillis(150);

    /** The number of slow connections, which exceeds the number of Jetty's threads. */
    private static final int SLOW_CLIENTS = 220;

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores, Map.of(), Duration.ofSeconds(4));

    /** For bodies that arrive in time. A busy machine may delay them. */
    private static final Node patientNode = Node.start(stores, Map.of(), Duration.ofMinutes(1));

    private static String admin = "";
    private static String alice = "";

    @BeforeAll
    static void createAlice() {
        admin = patientNode.adminToken();
        patientNode.create(admin, "alice", PASSWORD);
        alice = patientNode.token("alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        node.close();
        patientNode.close();
        stores.close();
    }

    @Test
    void aSlowBodyIsRejectedAndTheConnectionIsClosed() {
        List<String> calls = List.of(
                "POST /login",
                "POST /user",
                "PATCH /user/me",
                "PUT /user/me/password",
                "POST /introspect",
                "POST /token",
                "POST /check",
                "GET /user/me",
                "GET /health/live",
                "HEAD /health/live",
                "DELETE /session?others=true",
                "OPTIONS /user",
                "PROPFIND /user",
                "POST /nothing/here",
                "GET /openapi.json");
        try (SlowClients slow = new SlowClients(node.port(), SEND_INTERVAL)) {
            Map<Socket, String> sockets = new LinkedHashMap<>();
            for (String call : calls) {
                String method = call.split(" ", 2)[0];
                String path = call.split(" ", 2)[1];
                sockets.put(slow.trickling(method, path, JSON), call);
                sockets.put(slow.trickling(method, path, JSON, "auth: " + admin), call);
                sockets.put(slow.tricklingInChunks(method, path, JSON), call);
                sockets.put(slow.silent(method, path, JSON), call);
                sockets.put(slow.silent(method, path, JSON, "Expect: 100-continue"), call);
            }
            sockets.forEach((socket, call) -> assertThat(
                            SlowClients.response(socket).replace("HTTP/1.1 100 Continue\r\n\r\n", ""))
                    .as(call)
                    .startsWith("HTTP/1.1 408")
                    .containsIgnoringCase("Connection: close")
                    .contains(call.startsWith("HEAD") ? "" : "\"code\":\"BODY_TIMEOUT\""));
        }
    }

    /**
     * Only the import resource reads a body without a deadline. Callers that may not import do not reach this resource.
     */
    @ParameterizedTest
    @CsvSource({"'', 401", "'auth: x', 401", "'auth: {alice}', 403"})
    void aSlowImportOfACallerThatMayNotImportIsRejected(String header, int status) {
        String token = header.isEmpty() ? "X-Nothing: x" : header.replace("{alice}", alice);
        try (SlowClients slow = new SlowClients(node.port(), SEND_INTERVAL)) {
            for (Socket socket : List.of(
                    slow.trickling("POST", "/user/import", "Content-Type: application/x-ndjson", token),
                    slow.tricklingInChunks("POST", "/user/import", "Content-Type: application/x-ndjson", token),
                    slow.tricklingInChunks("POST", "/user/import/", "Content-Type: application/x-ndjson", token),
                    slow.silent("POST", "/user/import", "Content-Type: application/x-ndjson", token))) {
                assertThat(SlowClients.response(socket)).startsWith("HTTP/1.1 " + status);
            }
        }
    }

    @Test
    void manySlowClientsDoNotBlockOtherClients() {
        try (SlowClients slow = new SlowClients(node.port(), SEND_INTERVAL)) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < SLOW_CLIENTS / 4; i++) {
                sockets.add(slow.trickling("POST", "/login", JSON));
                sockets.add(slow.tricklingInChunks("POST", "/nothing", JSON));
                sockets.add(slow.silent("PATCH", "/user/me", JSON));
                sockets.add(slow.trickling("POST", "/user/import", "Content-Type: application/x-ndjson"));
            }
            for (int i = 0; i < 5; i++) {
                assertThat(node.get("/health/live", "").status()).isEqualTo(200);
                assertThat(node.login("alice", PASSWORD).status()).isEqualTo(200);
            }
            for (Socket socket : sockets) {
                assertThat(SlowClients.response(socket)).containsAnyOf("HTTP/1.1 408", "HTTP/1.1 401");
            }
        }
    }

    @Test
    void aBodyThatArrivesInPartsIsReadAsAWhole() throws IOException {
        String body = "{\"username\":\"alice\",\"password\":\"" + PASSWORD + "\"}";
        for (String framing : List.of("Content-Length: " + body.length(), "Transfer-Encoding: chunked")) {
            boolean chunked = framing.startsWith("T");
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
                send(
                        socket,
                        "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + JSON + "\r\n" + framing
                                + "\r\n\r\n");
                for (int i = 0; i < body.length(); i++) {
                    String next = body.substring(i, i + 1);
                    send(socket, chunked ? "1\r\n" + next + "\r\n" : next);
                }
                send(socket, chunked ? "0\r\n\r\n" : "");
                assertThat(SlowClients.response(socket))
                        .startsWith("HTTP/1.1 200")
                        .contains("Logged as alice");
            }
        }
    }

    @Test
    void aConnectionCanBeReusedAfterALateBody() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
            for (int i = 0; i < 3; i++) {
                send(socket, "POST /login HTTP/1.1\r\nHost: localhost\r\n" + JSON + "\r\nContent-Length: 2\r\n\r\n");
                send(socket, "{");
                send(socket, "}");
                assertThat(responseOnOpenConnection(socket))
                        .startsWith("HTTP/1.1 400")
                        .contains("CREDENTIALS_MISSING")
                        .doesNotContain("close");
            }
        }
    }

    @Test
    void anOversizedBodyIsRejectedWithAndWithoutContentLength() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
            send(
                    socket,
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + JSON + "\r\n\r\n");
            for (int i = 0; i < 80; i++) {
                send(socket, "400\r\n" + "x".repeat(1024) + "\r\n");
            }
            assertThat(SlowClients.response(socket)).startsWith("HTTP/1.1 413").contains("BODY_TOO_LARGE");
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
            send(socket, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n" + JSON + "\r\n\r\n");
            assertThat(SlowClients.response(socket)).startsWith("HTTP/1.1 413").contains("BODY_TOO_LARGE");
        }
    }

    @Test
    void aTruncatedOrMalformedBodyIsRejected() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
            send(socket, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n" + JSON + "\r\n\r\n{");
            socket.shutdownOutput();
            assertThat(SlowClients.response(socket))
                    .satisfiesAnyOf(
                            response -> assertThat(response).isEmpty(),
                            response -> assertThat(response).startsWith("HTTP/1.1 400"));
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), patientNode.port())) {
            send(
                    socket,
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + JSON
                            + "\r\n\r\n1\r\n{\r\n");
            send(socket, "zz\r\n");
            assertThat(SlowClients.response(socket)).startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void aBodyThatArrivesWithoutDelayIsAccepted() {
        Response patched = patientNode.patch("/user/me", alice, "{\"note\":\"" + "x".repeat(10_000) + "\"}");
        assertThat(patched.status()).as(patched.body()).isEqualTo(200);
    }

    private static String responseOnOpenConnection(Socket socket) throws IOException {
        StringBuilder response = new StringBuilder();
        while (!response.toString().endsWith("\r\n\r\n")) {
            response.append((char) socket.getInputStream().read());
        }
        int length = Integer.parseInt(response.toString().replaceAll("(?is).*content-length: (\\d+).*", "$1"));
        return response + new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }
}
