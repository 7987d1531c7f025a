package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that every invalid input is rejected with a clear 4xx error and does not change the store. */
class BadInputTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String NEW_USER = "\"username\":\"newcomer\",\"password\":\"" + PASSWORD + "\"";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static String admin = "";
    private static String id = "";

    private List<Document> before = List.of();

    @BeforeAll
    static void createAlice() {
        admin = gatehouse.adminToken();
        id = gatehouse.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @BeforeEach
    void readDocuments() {
        before = documents();
    }

    @AfterEach
    void assertUnchanged() {
        assertThat(documents()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "[]",
                "null",
                "7",
                "\"text\"",
                "{\"username\":\"alice\"}",
                "{\"password\":\"x\"}",
                "{\"username\":\"alice\",\"password\":null}",
                "{\"username\":7,\"password\":true}",
                "{\"username\":[\"alice\"],\"password\":[\"x\"]}",
                "{\"username\":{\"$ne\":null},\"password\":{\"$ne\":null}}",
                "{\"username\":{\"$gt\":\"\"},\"password\":\"x\"}"
            })
    void aLoginIsRejectedUnlessUsernameAndPasswordAreStrings(String body) {
        assertRejected(gatehouse.post("/login", "", body), 400, "CREDENTIALS_MISSING");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{bad",
                "{\"username\":\"alice\",",
                "{'username':'alice'}",
                "{\"username\":\"alice\",\"username\":\"bob\",\"password\":\"x\"}",
                "{\"username\":\"alice\",\"password\":\"x\"} trailing",
                "{\"username\":\"alice\",\"password\":\"x\",\"n\":NaN}",
                "{\"username\":\"alice\",\"password\":\"x\",\"n\":1e9999999999}",
                "{\"username\":\"alice\",\"password\":\"x\",\"n\":1e-99999999999}",
                "{\"username\":\"alice\",\"password\":\"x\",\"n\":\"\u0001\"}",
                "{\"username\":\"alice\",\"password\":\"x\",\"\\ud800\":1}"
            })
    void aBodyThatIsNotJsonIsRejected(String body) {
        Response response = gatehouse.post("/login", "", body);

        assertRejected(response, 400, "BODY_MALFORMED");
        assertThat(response.body())
                .doesNotContain("alice")
                .doesNotContain("Exception")
                .doesNotContain("jackson");
        assertRejected(gatehouse.post("/user", admin, body), 400, "BODY_MALFORMED");
        assertRejected(gatehouse.patch("/user/" + id, admin, body), 400, "BODY_MALFORMED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "null", "7", "\"text\"", ""})
    void aUserThatIsNotAnObjectIsRejected(String body) {
        assertRejected(gatehouse.post("/user", admin, body), 400, "BODY_MALFORMED");
        assertRejected(gatehouse.patch("/user/" + id, admin, body), 400, "BODY_MALFORMED");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST  | /login           | application/json",
                "POST  | /user            | application/json",
                "PATCH | /user/me         | application/json or application/merge-patch+json",
                "PUT   | /user/me/password| application/json",
                "POST  | /user/import     | application/x-ndjson",
                "POST  | /introspect      | application/x-www-form-urlencoded",
                "POST  | /token           | application/x-www-form-urlencoded",
                "POST  | /revoke          | application/x-www-form-urlencoded",
                "POST  | /service         | application/json",
                "PATCH | /service/x       | application/json or application/merge-patch+json"
            })
    void theRejectionOfAnUnsupportedContentTypeListsTheAcceptedTypes(String method, String path, String types) {
        Response response = gatehouse.send(method, path, "<a/>", "Content-Type", "text/xml", "auth", admin);

        assertRejected(response, 415, "UNSUPPORTED_MEDIA_TYPE");
        assertThat(response.text("message")).isEqualTo("The Content-Type must be " + types + ".");
    }

    @Test
    void anUnsupportedContentTypeIsRejected() {
        String body = "username=alice&password=x";
        String type = "application/x-www-form-urlencoded";
        assertRejected(gatehouse.send("POST", "/login", body, "Content-Type", type), 415, "UNSUPPORTED_MEDIA_TYPE");
        assertRejected(
                gatehouse.send("POST", "/user", body, "Content-Type", type, "auth", admin),
                415,
                "UNSUPPORTED_MEDIA_TYPE");
        assertRejected(
                gatehouse.send("PATCH", "/user/" + id, "<a/>", "Content-Type", "text/xml", "auth", admin),
                415,
                "UNSUPPORTED_MEDIA_TYPE");
    }

    @Test
    void aBodyOfAMegabyteIsRejected() {
        String body = "{" + NEW_USER + ",\"a\":\"" + "x".repeat(1_000_000) + "\"}";

        assertRejected(gatehouse.post("/user", admin, body), 413, "BODY_TOO_LARGE");
        assertRejected(gatehouse.post("/login", "", body), 413, "BODY_TOO_LARGE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/token", "/introspect", "/revoke"})
    void aFormOfAMegabyteIsRejected(String path) {
        String form = "token=" + "x".repeat(1_000_000);
        String type = "application/x-www-form-urlencoded";

        assertRejected(gatehouse.send("POST", path, form, "Content-Type", type, "auth", admin), 413, "BODY_TOO_LARGE");
    }

    @Test
    void aBodyOfAMegabyteWithoutContentLengthIsRejected() throws IOException {
        String chunk = "x".repeat(65_536);
        StringBuilder request =
                new StringBuilder("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < 16; i++) {
            request.append("10000\r\n").append(chunk).append("\r\n");
        }
        request.append("0\r\n\r\n");

        assertThat(raw(request.toString().getBytes(StandardCharsets.UTF_8)))
                .contains(" 413 ")
                .contains("BODY_TOO_LARGE");
    }

    @Test
    void aBodyNestedTenThousandLevelsDeepIsRejected() {
        String deep = "[".repeat(10_000) + "]".repeat(10_000);
        assertRejected(gatehouse.post("/user", admin, "{" + NEW_USER + ",\"a\":" + deep + "}"), 400, "BODY_MALFORMED");
        assertRejected(gatehouse.patch("/user/" + id, admin, "{\"a\":" + deep + "}"), 400, "BODY_MALFORMED");
        assertRejected(gatehouse.post("/login", "", deep), 400, "BODY_MALFORMED");
    }

    @Test
    void customFieldsBeyondTheirBoundsAreRejected() {
        String tooDeep = "{\"a\":".repeat(9) + "1" + "}".repeat(9);
        String tooLarge = "{\"a\":\"" + "x".repeat(17_000) + "\"}";
        for (String fields : List.of(tooDeep, tooLarge)) {
            assertRejected(gatehouse.patch("/user/" + id, admin, fields), 400, "VALIDATION_FAILED");
            assertRejected(
                    gatehouse.post("/user", admin, "{" + NEW_USER + "," + fields.substring(1)),
                    400,
                    "VALIDATION_FAILED");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"_id\":\"000000000000000000000000\"",
                "\"version\":9",
                "\"createdAt\":\"2020-01-01T00:00:00.000Z\"",
                "\"updatedAt\":null",
                "\"lastLogin\":1",
                "\"passwordHash\":\"$argon2id$\"",
                "\"usernameKey\":\"admin\"",
                "\"$set\":{\"roles\":[\"admin\"]}",
                "\"a.b\":1",
                "\"a\":{\"$gt\":1}",
                "\"a\":[{\"b.c\":1}]",
                "\"\":1",
                "\"1a\":1",
                "\"with space\":1",
                "\"a\\u0000b\":1",
                "\"a\":\"\\u0000\"",
                "\"a\":\"\\ud800\"",
                "\"a\":[\"\\udc00x\"]",
                "\"a\":1e400000",
                "\"a\":1e2147483647",
                "\"a\":0.1e-2147483640",
                "\"a\":1234567890123456789012345678901234567890",
                "\"roles\":\"admin\"",
                "\"roles\":[1]",
                "\"roles\":[\"Admin!\"]",
                "\"roles\":{\"$ne\":1}",
                "\"status\":\"deleted\"",
                "\"status\":1"
            })
    void fieldsThatCannotBeSetAreRejected(String field) {
        Response created = gatehouse.post("/user", admin, "{" + NEW_USER + "," + field + "}");
        assertRejected(created, 400, "VALIDATION_FAILED");
        assertThat(created.json().path("errors")).hasSize(1);
        assertRejected(gatehouse.patch("/user/" + id, admin, "{" + field + "}"), 400, "VALIDATION_FAILED");
    }

    @Test
    void aPasswordCannotBePatched() {
        assertRejected(
                gatehouse.patch("/user/" + id, admin, "{\"password\":\"another good password\"}"),
                400,
                "VALIDATION_FAILED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"username", "roles", "status"})
    void requiredFieldsCannotBeRemoved(String field) {
        assertRejected(gatehouse.patch("/user/" + id, admin, "{\"" + field + "\":null}"), 400, "VALIDATION_FAILED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"a\"",
                "\"\"",
                "\"   \"",
                "\"has space\"",
                "\"nul\\u0000nul\"",
                "\"lone\\ud800\"",
                "\"\\udc00lone\"",
                "\"line\\nbreak\"",
                "\"\\u202eright-to-left\"",
                "7",
                "null",
                "{\"$ne\":null}",
                "[\"abc\"]"
            })
    void anInvalidUsernameIsRejected(String name) {
        Response response =
                gatehouse.post("/user", admin, "{\"username\":" + name + ",\"password\":\"" + PASSWORD + "\"}");

        assertRejected(response, 400, "VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo("username");
        assertRejected(gatehouse.patch("/user/" + id, admin, "{\"username\":" + name + "}"), 400, "VALIDATION_FAILED");
    }

    @Test
    void anOversizedUsernameIsRejected() {
        assertRejected(
                gatehouse.post(
                        "/user",
                        admin,
                        "{\"username\":\"" + "n".repeat(50_000) + "\",\"password\":\"" + PASSWORD + "\"}"),
                400,
                "VALIDATION_FAILED");
        assertRejected(gatehouse.login("n".repeat(50_000), "p".repeat(10_000)), 401, "CREDENTIALS_WRONG");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"short\"", "7", "null", "{}", "\"lone surrogate \\ud800 inside\""})
    void anUnacceptablePasswordIsRejectedAndNotReturned(String password) {
        Response response = gatehouse.post("/user", admin, "{\"username\":\"newcomer\",\"password\":" + password + "}");

        assertRejected(response, 400, "VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo("password");
        assertThat(response.body()).doesNotContain("short\"");
    }

    @Test
    void aPasswordOfTooManyBytesIsRejected() {
        assertRejected(
                gatehouse.post(
                        "/user", admin, "{\"username\":\"newcomer\",\"password\":\"" + "\u00e9".repeat(129) + "\"}"),
                400,
                "VALIDATION_FAILED");
    }

    @Test
    void allInvalidFieldsAreReportedTogether() {
        Response response = gatehouse.post(
                "/user",
                admin,
                "{\"username\":5,\"password\":\"x\",\"roles\":\"admin\",\"status\":\"?\",\"version\":1,\"a b\":1}");

        assertRejected(response, 400, "VALIDATION_FAILED");
        assertThat(response.json().path("errors").findValuesAsText("field"))
                .containsExactlyInAnyOrder("username", "password", "roles", "status", "version", "a b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "limit=0",
                "limit=-1",
                "limit=1001",
                "limit=x",
                "limit=",
                "limit=99999999999",
                "sort=password",
                "sort=",
                "after=zz",
                "after=",
                "after=W10",
                "after=%00",
                "after=WyJjcmVhdGVkQXQiLCJ4IiwieSJd",
                // Decoded: ["createdAt","+292278995-01-01T00:00:00Z","000000000000000000000000"]
                "after=WyJjcmVhdGVkQXQiLCIrMjkyMjc4OTk1LTAxLTAxVDAwOjAwOjAwWiIsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCJd",
                // Decoded: ["username",{"$ne":1},"000000000000000000000000"]
                "sort=username&after=WyJ1c2VybmFtZSIseyIkbmUiOjF9LCIwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiXQ"
            })
    void invalidParametersOfAListAreRejected(String query) {
        assertRejected(gatehouse.get("/user?" + query, admin), 400, "VALIDATION_FAILED");
    }

    @Test
    void aCursorOfAnotherSortOrderIsRejected() {
        String link = gatehouse.get("/user?limit=1&sort=username", admin).header("Link");
        String after = link.replaceAll(".*after=([^&>]*).*", "$1");

        assertRejected(gatehouse.get("/user?limit=1&sort=-username&after=" + after, admin), 400, "VALIDATION_FAILED");
    }

    @Test
    void aTruncatedRequestChangesNothing() throws IOException {
        String head = "POST /user HTTP/1.1\r\nHost: localhost\r\nauth: " + admin
                + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{" + NEW_USER + "}";
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gatehouse.port())) {
            socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(response).doesNotContain(" 201 ").doesNotContain(" 500 ");
        }
    }

    @Test
    void aRejectionDoesNotCloseTheConnectionOfAClientThatIsStillSending() throws Exception {
        byte[] body = "x".repeat(30_000).getBytes(StandardCharsets.US_ASCII);
        String head = "POST /user HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                + body.length + "\r\n\r\n";
        String next = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gatehouse.port())) {
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            // If the server rejected the request without the complete body, it would respond during this pause.
            TimeUnit.MILLISECONDS.sleep(300);
            socket.getOutputStream().write(body);
            socket.getOutputStream().write(next.getBytes(StandardCharsets.US_ASCII));

            String responses = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(responses).contains("HTTP/1.1 401 ").contains("HTTP/1.1 404 ");
        }
    }

    @Test
    void anUnknownPathGets404AndAnUnsupportedMethodGets405() {
        assertRejected(gatehouse.get("/nothing/here", ""), 404, "NOT_FOUND");
        assertRejected(gatehouse.get("/nothing", ""), 404, "NOT_FOUND");
        Response response = gatehouse.send("PUT", "/user", "{}", "Content-Type", "application/json");
        assertRejected(response, 405, "METHOD_NOT_ALLOWED");
        assertThat(response.header("Allow")).contains("GET").contains("POST");
    }

    @ParameterizedTest
    @ValueSource(strings = {"If-Match", "If-None-Match", "Accept", "Content-Type", "Accept-Language", "Cookie"})
    void aMalformedHeaderIsRejectedOrIgnored(String header) {
        for (String value : List.of("broken\"", ";;=,/", "\"\"\"", "a/b/c;q=x")) {
            Response response = gatehouse.send(
                    "PATCH",
                    "/user/" + id,
                    "{\"username\":7}",
                    "auth",
                    admin,
                    header,
                    value,
                    header.equals("Content-Type") ? "X-Other" : "Content-Type",
                    "application/json");

            assertThat(response.status())
                    .as(header + ": " + value + " -> " + response.body())
                    .isBetween(400, 499);
            assertThat(response.body()).doesNotContain("Exception");
            assertThat(response.text("code")).as(header + ": " + value).isNotEmpty();
            assertThat(response.text("requestId")).isEqualTo(response.header("X-Request-Id"));
        }
    }

    @Test
    void rejectionsByTheContainerHaveTheFormatOfGatehouse() {
        assertRejected(gatehouse.get("/WEB-INF/web.xml", ""), 404, "NOT_FOUND");
        Response problem =
                gatehouse.send("GET", "/META-INF/", "", "Accept", "application/problem+json", "X-Request-Id", "r1");
        assertThat(problem.status()).isEqualTo(404);
        assertThat(problem.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(problem.text("type")).isEqualTo("urn:gatehouse:error:not-found");
        assertThat(problem.text("requestId")).isEqualTo("r1").isEqualTo(problem.header("X-Request-Id"));
        assertThat(problem.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(problem.header("Cache-Control")).isEqualTo("no-store");
    }

    /** The container forwards errors to this path inside the server. For clients, the path does not exist. */
    @Test
    void thePathOfTheErrorPageIsNotFound() {
        assertRejected(gatehouse.get("/error", ""), 404, "NOT_FOUND");
    }

    /**
     * The container parses the request line and the headers. Usually the container rejects an invalid request before
     * the WAR receives this request.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /user/%2F HTTP/1.1",
                "GET /user/%2e HTTP/1.1",
                "GET /user/%2e%2e/login HTTP/1.1",
                "GET /user/..;/login HTTP/1.1",
                "GET //user HTTP/1.1",
                "GET /user/%zz HTTP/1.1",
                "GET /user/%00 HTTP/1.1",
                "GET /user/%c0%af HTTP/1.1",
                "GET /user/\u00e4 HTTP/1.1",
                "GET /user?limit=%zz HTTP/1.1",
                "GET /user?limit=%c0%af HTTP/1.1",
                "GET user HTTP/1.1",
                "GET /user;id=1 HTTP/1.1",
                "TRACE /user HTTP/1.1",
                "TRACE /nothing HTTP/1.1",
                "PROPFIND /user HTTP/1.1",
                "G@T /user HTTP/1.1",
                "CONNECT /user HTTP/1.1",
                "OPTIONS * HTTP/1.1",
                "GET /user HTTP/9.9",
                "POST /login HTTP/1.1\r\nContent-Length: x",
                "POST /login HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
                "POST /login HTTP/1.1\r\nContent-Type: \u00e4\u00f6/\u00fc"
            })
    void aMalformedRequestHeadIsRejected(String head) throws IOException {
        String response =
                raw((head + "\r\nHost: localhost\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));

        assertThat(response)
                .matches("(?s)HTTP/1\\.1 (4..|505) .*")
                .doesNotContain("Exception")
                .doesNotContain("org.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\n", "5\r\nabc", "FFFFFFFFFFFFFFFFF\r\n{}", "-1\r\n{}\r\n0\r\n\r\n"})
    void malformedChunksAreRejected(String chunks) throws IOException {
        String response = raw(("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks + "\r\n0\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));

        assertThat(response).startsWith("HTTP/1.1 400 ").contains("BODY_MALFORMED");
    }

    @Test
    void theResponseToAHostileBodyIsSmall() {
        StringBuilder inner = new StringBuilder("{\"a\":1");
        for (int i = 10; inner.length() < 30_000; i++) {
            inner.append(",\"").append(i).append("\":9e9999");
        }
        String body = "{\"" + "x".repeat(30_000) + "\":" + inner + "}}";

        Response response = gatehouse.patch("/user/" + id, admin, body);
        assertRejected(response, 400, "VALIDATION_FAILED");
        assertThat(response.body().length()).isLessThan(1_000);

        Response wide = gatehouse.patch("/user/" + id, admin, inner + "}");
        assertRejected(wide, 400, "VALIDATION_FAILED");
        assertThat(wide.json().path("errors")).hasSize(50);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-32", "ISO-8859-1"})
    void textThatIsNotUtf8IsRejected(String charset) throws IOException {
        byte[] body = "{\"username\":\"\u00e4lice\",\"password\":\"x\"}".getBytes(Charset.forName(charset));

        assertThat(raw(post("/login", body))).contains(" 400 ").contains("BODY_MALFORMED");
    }

    @Test
    void overlongUtf8IsRejected() throws IOException {
        byte[] body = "{\"\u00c0\u00af\":1}".getBytes(StandardCharsets.ISO_8859_1);

        assertThat(raw(post("/login", body))).contains(" 400 ").contains("BODY_MALFORMED");
    }

    private static byte[] post(String path, byte[] body) {
        String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.length + "\r\nConnection: close\r\n\r\n";
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        request.writeBytes(body);
        return request.toByteArray();
    }

    @Test
    void anUnsupportedAcceptHeaderIsRejected() {
        assertRejected(
                gatehouse.send("GET", "/user/me", "", "auth", admin, "Accept", "text/csv"), 406, "NOT_ACCEPTABLE");
    }

    private static void assertRejected(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).isEqualTo(code);
        assertThat(response.text("status")).isEqualTo("error");
        assertThat(response.text("message")).isNotEmpty();
        assertThat(response.text("requestId")).isEqualTo(response.header("X-Request-Id"));
        assertThat(response.header("Content-Type")).startsWith("application/json");
    }

    /** Returns the stored users without the time of their last login, because only this field may change. */
    private static List<Document> documents() {
        List<Document> documents =
                stores.users().find().sort(new Document("_id", 1)).into(new ArrayList<>());
        documents.forEach(document -> document.remove("lastLogin"));
        return documents;
    }

    private static String raw(byte[] request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gatehouse.port())) {
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream().write(request);
                } catch (IOException rejectedEarly) {
                    // The server may close the connection before it has read the complete request.
                }
            });
            writer.start();
            StringBuilder response = new StringBuilder();
            try {
                byte[] buffer = new byte[4096];
                for (int read = socket.getInputStream().read(buffer);
                        read >= 0;
                        read = socket.getInputStream().read(buffer)) {
                    response.append(new String(buffer, 0, read, StandardCharsets.UTF_8));
                }
            } catch (IOException closed) {
                // The response is the text that arrived before the server closed the connection.
            }
            return response.toString();
        }
    }
}
