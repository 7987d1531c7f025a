package org.gatehouse.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ImportConnection;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests {@code POST /user/import} and {@code GET /user/export}, including the result of each line. */
@Tag("also-full")
class UserTransferTest {
    private static final String NDJSON = "application/x-ndjson";
    private static final String PASSWORD = "correct horse battery staple";

    /** A hash of the password U*U. */
    private static final String BCRYPT = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    private static final Stores stores = new Stores();
    /** Only users of this class have such names. */
    private static final String NAME_PREFIX = "transferred-";

    private static final AtomicInteger number = new AtomicInteger();
    private static Node node;
    private static String admin;

    @BeforeAll
    static void start() {
        node = Node.start(stores);
        admin = node.adminToken();
    }

    @AfterAll
    static void close() {
        node.close();
        stores.close();
    }

    @Test
    void anImportReportsEachLineInOrder() {
        String name = name();
        List<JsonNode> results = imported(
                line(name, "\"passwordHash\":\"" + BCRYPT + "\",\"email\":\"a@e.x\""),
                "",
                line(name(), "\"password\":\"" + PASSWORD + "\",\"roles\":[\"admin\"],\"status\":\"disabled\""),
                "{\"username\":",
                "[1]",
                line(name(), "\"n\":1,\"n\":2"),
                line(name(), "\"password\":7,\"roles\":\"admin\",\"status\":\"gone\",\"usernameKey\":\"x\",\"a-b\":1"),
                line(name(), "\"password\":\"" + PASSWORD + "\",\"passwordHash\":\"" + BCRYPT + "\""),
                line(name(), "\"password\":\"123456789012345\""),
                line(name(), "\"_id\":\"x\",\"version\":0,\"createdAt\":\"yesterday\",\"lastLogin\":1"),
                line(name.toUpperCase(Locale.ROOT), "\"email\":\"b@e.x\""),
                line(name, "\"email\":\"a@e.x\""),
                line(name(), "\"deep\":" + "[".repeat(100) + "]".repeat(100)),
                line(name(), "\"text\":\"\\u0000\""),
                line("x", ""),
                "{}");

        assertThat(results.stream().map(result -> result.path("line").asInt()))
                .containsExactly(1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0);
        assertThat(results.stream()
                        .map(result ->
                                result.path("code").asText(result.path("status").asText())))
                .containsExactly(
                        "created",
                        "created",
                        "BODY_MALFORMED",
                        "BODY_MALFORMED",
                        "BODY_MALFORMED",
                        "VALIDATION_FAILED",
                        "VALIDATION_FAILED",
                        "VALIDATION_FAILED",
                        "VALIDATION_FAILED",
                        "USERNAME_TAKEN",
                        "unchanged",
                        "BODY_MALFORMED",
                        "VALIDATION_FAILED",
                        "VALIDATION_FAILED",
                        "VALIDATION_FAILED",
                        "done");
        assertThat(List.of(2, 3, 4, 11).stream()
                        .map(i -> results.get(i).path("message").asText().replaceAll("[0-9]+", "9")))
                .containsExactly(
                        "The line ends before its JSON is complete (column 9).",
                        "The line must be a JSON object. It is an array; jq -c '.[]' writes each element as a line.",
                        "The line has the same key twice (column 9).",
                        "The line is nested too deeply, or has a number or name that is too long (column 9).");
        assertThat(fields(results.get(5)))
                .containsExactlyInAnyOrder("password", "roles", "status", "usernameKey", "a-b");
        assertThat(fields(results.get(6))).containsExactly("passwordHash");
        assertThat(fields(results.get(7))).containsExactly("password");
        assertThat(fields(results.get(8))).containsExactlyInAnyOrder("_id", "version", "createdAt", "lastLogin");
        assertThat(results.get(15).toString())
                .isEqualTo(
                        "{\"status\":\"done\",\"lines\":16,\"created\":2,\"unchanged\":1,\"failed\":12,\"weak\":1,\"dryRun\":false}");
        assertThat(results.toString()).doesNotContain(PASSWORD).doesNotContain(BCRYPT.substring(7));
        assertThat(node.login(name, "U*U").status()).isEqualTo(200);
    }

    @Test
    void aRepeatedImportChangesNothing() {
        String[] lines = {
            line(name(), "\"passwordHash\":\"" + BCRYPT + "\",\"n\":1.50"),
            line(name(), "\"password\":\"" + PASSWORD + "\""),
            line(name(), "\"_id\":\"" + id() + "\",\"version\":7,\"status\":\"disabled\"")
        };
        imported(lines);
        String before = export("");

        List<JsonNode> again = imported(lines);

        assertThat(statuses(again)).containsExactly("unchanged", "unchanged", "unchanged", "done");
        assertThat(export("")).isEqualTo(before);
    }

    @Test
    void aDryRunWritesNothing() {
        String id = id();
        String present = name();
        imported(line(present, "\"_id\":\"" + id + "\""));
        String before = export("?hashes=true");

        List<JsonNode> results = send(
                "?dryRun=true",
                line(name(), "\"password\":\"" + PASSWORD + "\""),
                line(present, "\"_id\":\"" + id + "\""),
                line(present, "\"_id\":\"" + id() + "\""),
                line(name(), "\"_id\":\"" + id + "\""),
                line(name(), "\"password\":\"short\""));

        assertThat(results.stream()
                        .map(result ->
                                result.path("code").asText(result.path("status").asText())))
                .containsExactly(
                        "created", "unchanged", "USERNAME_TAKEN", "VALIDATION_FAILED", "VALIDATION_FAILED", "done");
        assertThat(results.get(5).path("dryRun").asBoolean()).isTrue();
        assertThat(export("?hashes=true")).isEqualTo(before);
    }

    @Test
    void anImportRejectsTheIdOfAnotherUser() {
        String id = id();
        imported(line(name(), "\"_id\":\"" + id + "\""));

        List<JsonNode> results = imported(line(name(), "\"_id\":\"" + id + "\""), line(name(), ""));

        assertThat(fields(results.get(0))).containsExactly("_id");
        assertThat(results.get(1).path("status").asText()).isEqualTo("created");
    }

    @Test
    void anImportRestoresADeletedUserWithoutItsSessions() {
        String name = name();
        String id = id();
        String line = line(name, "\"_id\":\"" + id + "\",\"passwordHash\":\"" + BCRYPT + "\"");
        imported(line);
        String old = node.token(name, "U*U");
        assertThat(node.delete("/user/" + id, admin).status()).isEqualTo(204);
        assertThat(node.get("/user/" + id, admin).status()).isEqualTo(404);

        imported(line);

        assertThat(node.get("/user/" + id, admin).status()).isEqualTo(200);
        assertThat(node.get("/user/me", old).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(node.get("/user/me", node.token(name, "U*U")).status()).isEqualTo(200);
    }

    @Test
    void anExportContainsHashesOnlyOnRequestAndIsAudited() {
        String name = name();
        imported(line(name, "\"passwordHash\":\"" + BCRYPT + "\""));

        assertThat(export("")).contains(name).doesNotContain("passwordHash").doesNotContain("$2a$");
        assertThat(lastExport().at("/details/hashes").asText()).isEqualTo("no");
        assertThat(export("?hashes=true")).contains(BCRYPT);
        assertThat(lastExport().at("/details/hashes").asText()).isEqualTo("yes");
        assertThat(node.get("/user/export?hashes=maybe", admin).text("code")).isEqualTo("VALIDATION_FAILED");
        Response head = node.send("HEAD", "/user/export?hashes=true", "", "auth", admin);
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Length")).isEmpty();
        JsonNode imports = node.get("/audit?type=USERS_IMPORTED&limit=1", admin).json();
        assertThat(imports.at("/0/details/counts").asText()).isEqualTo("1 created, 0 unchanged, 0 failed");
    }

    @Test
    void onlyAdministratorsMayImportAndExport() {
        String name = name();
        node.create(admin, name, PASSWORD);
        String token = node.token(name, PASSWORD);

        assertThat(node.get("/user/export", token).text("code")).isEqualTo("FORBIDDEN");
        assertThat(post("/user/import", token, line(name(), "")).text("code")).isEqualTo("FORBIDDEN");
        assertThat(post("/user/import", "", line(name(), "")).text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(node.post("/user/import", admin, line(name(), "")).status()).isEqualTo(415);
        assertThat(node.delete("/user/import", admin).status()).isEqualTo(405);
    }

    @Test
    void anImportSkipsALineThatIsNotUtf8AndALineThatIsTooLong() throws IOException {
        String name = name();
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin)) {
            connection.chunk(new byte[] {'{', '"', (byte) 0xff, '"', '}', '\n'});
            byte[] mebibyte = "x".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);
            int count = Boolean.getBoolean("gatehouse.long") ? 1_000 : 64;
            for (int i = 0; i < count; i++) {
                connection.chunk(mebibyte);
            }
            connection.chunk(("\n" + line(name, "") + "\n").getBytes(StandardCharsets.UTF_8));
            connection.end();
            String response = connection.rest();
            assertThat(response)
                    .contains(
                            "{\"line\":1,\"status\":\"error\",\"code\":\"BODY_MALFORMED\",\"message\":\"The line is not UTF-8 (byte 3).\"}")
                    .contains("{\"line\":2,\"status\":\"error\",\"code\":\"BODY_TOO_LARGE\"")
                    .contains("{\"line\":3,\"status\":\"created\"")
                    .contains("\"status\":\"done\"");
        }
    }

    @Test
    void anImportRespondsToAClientThatReadsWhileItSends() throws Exception {
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin)) {
            CompletableFuture<String> response = CompletableFuture.supplyAsync(() -> restOf(connection));
            for (int i = 1; i <= 3; i++) {
                connection.chunk((line(name(), "") + "\n{\"half\":").getBytes(StandardCharsets.UTF_8));
                connection.chunk("1}\n".getBytes(StandardCharsets.UTF_8));
            }
            assertThat(response).isNotDone();
            connection.end();
            assertThat(response.get(60, TimeUnit.SECONDS))
                    .contains("\"line\":5,\"status\":\"created\"")
                    .contains("\"line\":6,\"status\":\"error\"")
                    .contains("\"status\":\"done\",\"lines\":6,\"created\":3");
        }
    }

    @Test
    void anImportSendsResultsWhileItProcessesLaterLines() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        AtomicInteger inserts = new AtomicInteger();
        List<Boolean> readBefore = new CopyOnWriteArrayList<>();
        Node other = Node.start(stores, Map.of(), command -> {
            if (command.equals("insert users") && inserts.incrementAndGet() == 2) {
                readBefore.add(awaited(read));
            }
        });
        try (other;
                ImportConnection connection = new ImportConnection(other.baseUri(), admin)) {
            connection.chunk(lines(600).getBytes(StandardCharsets.UTF_8));
            connection.end();
            connection.until("\"line\":1,\"status\":\"created\"");
            read.countDown();
            assertThat(connection.rest()).contains("\"status\":\"done\",\"lines\":600,\"created\":600");
        }
        assertThat(readBefore).containsExactly(true);
    }

    /** The client sends more data than all buffers between the client and the service can hold. */
    @Test
    void anImportRespondsToAClientThatReadsOnlyAfterItHasSentTheBody() throws IOException {
        int lines = 150_000;
        byte[] thousandLines =
                ("{\"x\":1" + " ".repeat(90) + "}\n").repeat(1_000).getBytes(StandardCharsets.US_ASCII);
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin)) {
            for (int i = 0; i < lines / 1_000; i++) {
                connection.chunk(thousandLines);
            }
            connection.end();

            assertThat(connection.rest().lines().filter(line -> line.contains("VALIDATION_FAILED")))
                    .hasSize(lines);
        }
    }

    @Test
    void anImportWithATruncatedBodyChangesNothing() throws IOException {
        String whole = name();
        String half = name();
        String imports = node.get("/audit?type=USERS_IMPORT_STARTED", admin).body();
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin)) {
            connection.chunk((line(whole, "") + "\n" + line(half, "")).getBytes(StandardCharsets.UTF_8));
            awaitFiles(1);
        }
        awaitFiles(0);
        try (ImportConnection connection = new ImportConnection(node.baseUri(), admin)) {
            connection.chunk((line(whole, "") + "\n").getBytes(StandardCharsets.UTF_8));
            connection.raw("zz\r\n");
            assertThat(connection.rest()).contains(" 400 ").contains("\"code\":\"BODY_MALFORMED\"");
        }
        awaitFiles(0);

        assertThat(export("")).doesNotContain("\"" + whole + "\"").doesNotContain("\"" + half + "\"");
        assertThat(node.get("/audit?type=USERS_IMPORT_STARTED", admin).body()).isEqualTo(imports);
    }

    @Test
    void anImportRejectsABodyThatIsTooLarge() throws IOException {
        int maxBytes = 1 << 16;
        String whole = name();
        String padded = line(whole, "") + "\n" + " ".repeat(maxBytes);
        try (Node other = Node.start(stores, Map.of("IMPORT_MAX_BYTES", "" + maxBytes))) {
            Response announced = other.send("POST", "/user/import", padded, "auth", admin, "Content-Type", NDJSON);
            assertThat(announced.status()).isEqualTo(413);
            assertThat(announced.text("code")).isEqualTo("BODY_TOO_LARGE");
            try (ImportConnection connection = new ImportConnection(other.baseUri(), admin)) {
                connection.chunk(padded.getBytes(StandardCharsets.UTF_8));
                assertThat(connection.until("requestId")).contains(" 413 ").contains("\"code\":\"BODY_TOO_LARGE\"");
            }
            awaitFiles(0);
            assertThat(export("")).doesNotContain("\"" + whole + "\"");

            try (ImportConnection connection = new ImportConnection(other.baseUri(), admin)) {
                connection.chunk(padded.substring(0, maxBytes).getBytes(StandardCharsets.UTF_8));
                connection.end();
                assertThat(connection.rest()).contains("\"created\":1");
            }
            awaitFiles(0);
        }
    }

    @Test
    void theFileOfAnImportIsDeletedIfTheClientDisconnects() throws Exception {
        CountDownLatch disconnected = new CountDownLatch(1);
        Node other = Node.start(stores, Map.of(), command -> {
            if (command.equals("insert users")) {
                awaited(disconnected);
            }
        });
        try (other) {
            try (ImportConnection connection = new ImportConnection(other.baseUri(), admin)) {
                connection.chunk(lines(600).getBytes(StandardCharsets.UTF_8));
                connection.end();
                awaitFiles(1);
            }
            disconnected.countDown();
            awaitFiles(0);
        }
    }

    @Test
    void anImportStopsIfTheCallerIsNoLongerAnAdministrator() throws IOException {
        String name = name();
        String id = node.create(admin, name, PASSWORD);
        node.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        String token = node.token(name, PASSWORD);
        String late = name();
        AtomicBoolean demote = new AtomicBoolean(true);
        Node other = Node.start(stores, Map.of(), command -> {
            if (command.equals("insert users") && demote.getAndSet(false)) {
                node.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}");
            }
        });
        try (other;
                ImportConnection connection = new ImportConnection(other.baseUri(), token)) {
            connection.chunk((lines(500) + line(late, "")).getBytes(StandardCharsets.UTF_8));
            connection.end();
            assertThat(connection.rest())
                    .contains("{\"line\":500,\"status\":\"created\"")
                    .contains("{\"status\":\"stopped\",\"line\":501,\"code\":\"FORBIDDEN\"");
        }
        assertThat(export("")).doesNotContain("\"" + late + "\"");
    }

    @Test
    void anExportBreaksTheConnectionIfTheCallerIsNoLongerAnAdministrator() {
        String name = name();
        String id = node.create(admin, name, PASSWORD);
        node.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}");
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 2_100; i++) {
            lines.add(line(name(), ""));
        }
        imported(lines.toArray(String[]::new));
        AtomicBoolean demote = new AtomicBoolean();
        try (Node other = Node.startObserved(stores, Map.of(), command -> {
            boolean laterPage = command.getFirstKey().equals("find")
                    && command.getDocument("filter").toString().contains("$gt");
            if (laterPage && demote.getAndSet(false)) {
                node.patch("/user/" + id, admin, "{\"roles\":[\"user\"]}");
            }
        })) {
            String token = node.token(name, PASSWORD);
            assertThat(other.get("/user/export", token).body().lines().count()).isGreaterThan(2_100);
            demote.set(true);
            assertThatThrownBy(() -> other.get("/user/export", token)).isInstanceOf(UncheckedIOException.class);
        }
    }

    @Test
    void anExportIsRejectedIfTheCallerLosesTheAdminRoleBeforeTheFirstPage() {
        try (Stores separate = new Stores()) {
            AtomicBoolean demote = new AtomicBoolean();
            try (Node first = Node.start(separate)) {
                String token = first.adminToken();
                String id = first.create(token, "second", PASSWORD);
                first.patch("/user/" + id, token, "{\"roles\":[\"admin\"]}");
                try (Node other = Node.start(separate, Map.of(), command -> {
                    if (command.equals("insert audit") && demote.getAndSet(false)) {
                        first.patch("/user/" + id, token, "{\"roles\":[\"user\"]}");
                    }
                })) {
                    String second = first.token("second", PASSWORD);
                    assertThat(other.get("/user/export", second).status()).isEqualTo(200);
                    demote.set(true);
                    assertThat(other.get("/user/export", second).text("code")).isEqualTo("FORBIDDEN");
                }
            }
        }
    }

    @Test
    void theLastAdministratorIsKeptEvenIfAnAdministratorWithoutAPasswordIsImported() {
        try (Stores separate = new Stores();
                Node other = Node.start(separate)) {
            String token = other.adminToken();
            Response imported = other.send(
                    "POST",
                    "/user/import",
                    line("ghost", "\"roles\":[\"admin\"]"),
                    "auth",
                    token,
                    "Content-Type",
                    NDJSON);
            assertThat(imported.body()).contains("\"created\":1");

            assertThat(other.patch("/user/me", token, "{\"roles\":[\"user\"]}").text("code"))
                    .isEqualTo("LAST_ADMINISTRATOR");
        }
    }

    @Test
    void anImportRejectsACompressedBody() {
        Response response = node.send(
                "POST", "/user/import", "x", "auth", admin, "Content-Type", NDJSON, "Content-Encoding", "gzip");
        assertThat(response.status()).isEqualTo(415);
        assertThat(response.text("message")).contains("compressed");
        assertThat(node.send("GET", "/user/export", "", "auth", admin, "Accept", "application/json")
                        .text("message"))
                .isEqualTo("Responses of this path are application/x-ndjson only.");
        assertThat(node.send("POST", "/login", "{}", "Content-Type", "application/json", "Content-Encoding", "br")
                        .status())
                .isEqualTo(415);
    }

    /** The service responds before the client sends any part of the body. */
    @Test
    void anImportRejectsAnUnknownCallerBeforeTheBodyArrives() throws IOException {
        try (ImportConnection connection = new ImportConnection(node.baseUri(), "x.y.z")) {
            assertThat(connection.until("\"requestId\"")).contains(" 401 ");
            connection.chunk((line(name(), "") + "\n").getBytes(StandardCharsets.UTF_8));
            connection.end();
        }
    }

    @Test
    void anExportOmitsALegacyPasswordThatIsNotAHash() {
        String name = name();
        stores.users()
                .insertOne(new Document("username", name)
                        .append("usernameKey", name)
                        .append("password", "plain as ever"));

        assertThat(export("?hashes=true")).contains(name).doesNotContain("plain as ever");
    }

    /** Waits until this process has exactly this many open files with import bodies of this class. */
    private static void awaitFiles(int count) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(files()).hasSize(count));
    }

    private static List<String> files() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(link -> target(link).matches(".*/gatehouse-\\d+\\.body.*"))
                    .map(UserTransferTest::content)
                    .filter(content -> content.contains(NAME_PREFIX))
                    .toList();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private static String content(Path link) {
        try {
            return Files.readString(link);
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String restOf(ImportConnection connection) {
        try {
            return connection.rest();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String lines(int count) {
        return Stream.generate(() -> line(name(), "") + "\n").limit(count).collect(Collectors.joining());
    }

    private static JsonNode lastExport() {
        return node.get("/audit?type=USERS_EXPORTED&limit=1", admin).json().get(0);
    }

    private static List<JsonNode> imported(String... lines) {
        return send("", lines);
    }

    private static List<JsonNode> send(String query, String... lines) {
        Response response = post("/user/import" + query, admin, String.join("\n", lines));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.header("Content-Type")).isEqualTo(NDJSON);
        return parsed(response.body());
    }

    private static Response post(String path, String token, String body) {
        return node.send("POST", path, body, "auth", token, "Content-Type", NDJSON);
    }

    private static String export(String query) {
        Response response = node.get("/user/export" + query, admin);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.body();
    }

    private static List<JsonNode> parsed(String ndjson) {
        List<JsonNode> lines = new ArrayList<>();
        ndjson.lines().forEach(line -> {
            try {
                lines.add(Json.MAPPER.readTree(line));
            } catch (IOException malformed) {
                throw new AssertionError(line, malformed);
            }
        });
        return lines;
    }

    private static List<String> statuses(List<JsonNode> results) {
        return results.stream().map(result -> result.path("status").asText()).toList();
    }

    private static List<String> fields(JsonNode result) {
        List<String> fields = new ArrayList<>();
        result.path("errors").forEach(error -> fields.add(error.path("field").asText()));
        return fields;
    }

    private static String name() {
        return NAME_PREFIX + number.incrementAndGet();
    }

    private static String id() {
        return String.format("64%022x", number.incrementAndGet());
    }

    private static String line(String name, String more) {
        return "{\"username\":\"" + name + "\"" + (more.isEmpty() ? "" : "," + more) + "}";
    }
}
