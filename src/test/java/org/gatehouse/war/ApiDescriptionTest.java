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

/** Tests that {@link ApiDescription} reports every difference from the description. */
class ApiDescriptionTest {
    private static final String ALLOWED = "OPTIONS, POST";

    @Test
    void passesWhatIsDescribed() {
        assertThatCode(() -> judge("POST", "/logout", loggedOut(""))).doesNotThrowAnyException();
        assertThatCode(() -> judge("OPTIONS", "/login", answer(204, "", "allow", ALLOWED)))
                .doesNotThrowAnyException();
        assertThatCode(() -> judge("GET", "/login", refused(405, "METHOD_NOT_ALLOWED", "allow", ALLOWED)))
                .doesNotThrowAnyException();
        assertThatCode(() -> judge("GET", "/nothing", refused(404, "NOT_FOUND")))
                .doesNotThrowAnyException();
    }

    @Test
    void seesAnUnknownFieldStatusOrHeader() {
        assertThatThrownBy(() -> judge("POST", "/logout", loggedOut(",\"more\":1")))
                .hasMessageContaining("more");
        assertThatThrownBy(() -> judge("POST", "/logout", refused(409, "USERNAME_TAKEN")))
                .hasMessageContaining("no such status");
        assertThatThrownBy(() -> judge("GET", "/nothing", refused(404, "NOT_FOUND", "x-more", "1")))
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
    void seesARefusalThatDoesNotFitThePath(String method, String path, int status) {
        assertThatThrownBy(() -> judge(method, path, refused(status, "NOT_FOUND", "allow", ALLOWED)))
                .hasMessageContaining("no such operation");
    }

    @Test
    void seesMethodsThatAPathDoesNotHave() {
        assertThatThrownBy(() -> judge("OPTIONS", "/login", answer(204, "", "allow", "GET, OPTIONS, POST")))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> judge("OPTIONS", "/nothing", answer(204, "", "allow", ALLOWED)))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> judge("PUT", "/login", refused(405, "METHOD_NOT_ALLOWED")))
                .hasMessageContaining("Allow has");
        assertThatThrownBy(() -> judge("OPTIONS", "/login", answer(200, "", "allow", ALLOWED)))
                .hasMessageContaining("204");
    }

    /** A rejection is the container's only if the request shows the reason and the response has no id. */
    @Test
    void leavesToTheContainerWhatOnlyTheContainerRefuses() {
        assertThatCode(() -> judge("GET", "/user/%2F", bare(400))).doesNotThrowAnyException();
        assertThatCode(() -> judge("GET", "/user/" + "x".repeat(9_000), bare(414)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> judge("GET", "/user/me", bare(400))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> judge("GET", "/user/me", bare(414))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> judge("GET", "/user/me", bare(431))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> judge("GET", "/user/%2F", answer(400, "<html>")))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void judgesWhatTheRawClientGets() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread liar = new Thread(() -> answerOnce(server));
            liar.start();
            RawClient client = new RawClient(server.getLocalPort());
            client.send(RawClient.get("/session", "token"));
            assertThatThrownBy(client::close).hasMessageContaining("Not as described: GET /session answered 202");
            liar.join();
        }
    }

    private static void answerOnce(ServerSocket server) {
        try (Socket socket = server.accept()) {
            socket.getInputStream().read(new byte[1024]);
            socket.getOutputStream()
                    .write("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static void judge(String method, String path, Answer answer) {
        ApiDescription.built().check(method, URI.create(path), Map.of(), "", answer);
    }

    private static Answer loggedOut(String more) {
        return answer(200, "{\"status\":\"success\",\"message\":\"Logged out successfully!\",\"ended\":1" + more + "}");
    }

    private static Answer refused(int status, String code, String... headers) {
        String body = "{\"status\":\"error\",\"code\":\"" + code + "\",\"message\":\"No.\",\"requestId\":\"r1\"}";
        return answer(status, body, headers);
    }

    private static Answer bare(int status) {
        return new Answer(
                URI.create("http://localhost/"),
                status,
                HttpHeaders.of(Map.of(), (name, value) -> true),
                "",
                Duration.ZERO);
    }

    private static Answer answer(int status, String body, String... headers) {
        Map<String, List<String>> all = new TreeMap<>(Map.of("x-request-id", List.of("r1")));
        if (!body.isEmpty()) {
            all.put("content-type", List.of("application/json"));
        }
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i], List.of(headers[i + 1]));
        }
        return new Answer(
                URI.create("http://localhost/"),
                status,
                HttpHeaders.of(all, (name, value) -> true),
                body,
                Duration.ZERO);
    }
}
