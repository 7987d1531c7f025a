package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that {@link ApiDescription} reports every difference between the traffic and the description. */
class ApiDescriptionTest {
    private static final String ALLOWED = "OPTIONS, POST";

    @Test
    void acceptsDescribedRequestsAndResponses() {
        assertThatCode(() -> check("POST", "/logout", loggedOut(""))).doesNotThrowAnyException();
        assertThatCode(() -> check("OPTIONS", "/login", response(204, "", "allow", ALLOWED)))
                .doesNotThrowAnyException();
        assertThatCode(() -> check("GET", "/login", rejected(405, "METHOD_NOT_ALLOWED", "allow", ALLOWED)))
                .doesNotThrowAnyException();
        assertThatCode(() -> check("GET", "/nothing", rejected(404, "NOT_FOUND")))
                .doesNotThrowAnyException();
    }

    @Test
    void reportsAnUnknownFieldOrStatusOrHeader() {
        assertThatThrownBy(() -> check("POST", "/logout", loggedOut(",\"more\":1")))
                .hasMessageContaining("more");
        assertThatThrownBy(() -> check("POST", "/logout", rejected(409, "USERNAME_TAKEN")))
                .hasMessageContaining("no such status");
        assertThatThrownBy(() -> check("GET", "/nothing", rejected(404, "NOT_FOUND", "x-more", "1")))
                .hasMessageContaining("x-more");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET     | /login   | 401",
                "GET     | /login   | 404",
                "DELETE  | /nothing | 405",
                "OPTIONS | /login   | 404",
                "OPTIONS | /nothing | 403"
            })
    void reportsARejectionThatDoesNotFitThePath(String method, String path, int status) {
        assertThatThrownBy(() -> check(method, path, rejected(status, "NOT_FOUND", "allow", ALLOWED)))
                .hasMessageContaining("no such operation");
    }

    @Test
    void reportsAnAllowHeaderThatDoesNotFitThePath() {
        assertThatThrownBy(() -> check("OPTIONS", "/login", response(204, "", "allow", "GET, OPTIONS, POST")))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> check("OPTIONS", "/nothing", response(204, "", "allow", ALLOWED)))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> check("PUT", "/login", rejected(405, "METHOD_NOT_ALLOWED")))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> check("OPTIONS", "/login", response(200, "", "allow", ALLOWED)))
                .hasMessageContaining("204");
    }

    /**
     * A rejection comes from the container and not from Gatehouse if the response has no request id. The request must
     * then show the reason.
     */
    @Test
    void acceptsRejectionsOfTheContainerOnlyForVisibleReasons() {
        assertThatCode(() -> check("GET", "/user/%2F", withoutHeaders(400))).doesNotThrowAnyException();
        assertThatCode(() -> check("GET", "/user/" + "x".repeat(9_000), withoutHeaders(414)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> check("GET", "/user/me", withoutHeaders(400))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> check("GET", "/user/me", withoutHeaders(414))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> check("GET", "/user/me", withoutHeaders(431))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> check("GET", "/user/%2F", response(400, "<html>")))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void checksTheResponsesOfTheRawClient() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread responder = new Thread(() -> respondOnce(server));
            responder.start();
            RawClient client = new RawClient(server.getLocalPort());
            client.send(RawClient.get("/session", "token"));
            assertThatThrownBy(client::close).hasMessageContaining("Not as described: GET /session returned 202");
            responder.join();
        }
    }

    private static void respondOnce(ServerSocket server) {
        try (Socket socket = server.accept()) {
            socket.getInputStream().read(new byte[1024]);
            socket.getOutputStream()
                    .write("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static void check(String method, String path, Response response) {
        ApiDescription.built().check(method, URI.create(path), Map.of(), "", response);
    }

    private static Response loggedOut(String more) {
        return response(
                200, "{\"status\":\"success\",\"message\":\"Logged out successfully!\",\"ended\":1" + more + "}");
    }

    private static Response rejected(int status, String code, String... headers) {
        String body = "{\"status\":\"error\",\"code\":\"" + code + "\",\"message\":\"No.\",\"requestId\":\"r1\"}";
        return response(status, body, headers);
    }

    private static Response withoutHeaders(int status) {
        return new Response(
                URI.create("http://localhost/"),
                status,
                HttpHeaders.of(Map.of(), (name, value) -> true),
                "",
                Duration.ZERO);
    }

    private static Response response(int status, String body, String... headers) {
        Map<String, List<String>> all = new TreeMap<>(Map.of("x-request-id", List.of("r1")));
        if (!body.isEmpty()) {
            all.put("content-type", List.of("application/json"));
        }
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i], List.of(headers[i + 1]));
        }
        return new Response(
                URI.create("http://localhost/"),
                status,
                HttpHeaders.of(all, (name, value) -> true),
                body,
                Duration.ZERO);
    }
}
