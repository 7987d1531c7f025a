package org.gatehouse.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.mail.ScriptedSmtpServer.Accepted;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the queue of mails with a clock that the test sets, and with a mail server that fails as the test wishes. */
class MailQueueTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String GREYLISTED = "451 try again later";

    private static final Stores stores = new Stores();
    private static final ScriptedSmtpServer server = new ScriptedSmtpServer(Map.of());
    private static final SettableClock clock = SettableClock.atNow();
    private static final AtomicInteger number = new AtomicInteger();
    private static Node node = start();
    private static String admin = "";
    private static Instant adminUntil = Instant.MIN;

    private final int own = number.incrementAndGet();
    private final String address = "user-" + own + "@example.com";

    private static Node start() {
        Map<String, String> settings = new HashMap<>(MailServer.settings(server.port()));
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(stores, settings, clock);
    }

    @AfterAll
    static void stop() {
        server.close();
        node.close();
        stores.close();
    }

    /** Ends what a test left, so that it does not influence the next test. */
    @AfterEach
    void deleteMails() {
        stores.collection("mails").deleteMany(new Document());
    }

    @Test
    void repeatsATemporaryFailureAfterLongerAndLongerWaits() {
        server.reply(recipient(address), GREYLISTED);
        createUser(address);

        List<Duration> waits = new ArrayList<>();
        for (int attempt = 1; attempt <= 6; attempt++) {
            Document row = awaitAttempt(address, attempt);
            waits.add(Duration.between(clock.instant(), time(row, "nextAt")));
            assertThat(row.getString("lastError")).isEqualTo("The mail server rejected the mail (451).");
            clock.set(time(row, "nextAt").minusMillis(1));
            wakeAndSettle();
            assertThat(row(address).getInteger("attempts")).isEqualTo(attempt);
            clock.advance(Duration.ofMillis(1));
            if (attempt == 6) {
                server.reply(recipient(address), "250 ok");
            }
            wake();
        }

        assertThat(waits)
                .containsExactly(
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(2),
                        Duration.ofMinutes(10),
                        Duration.ofHours(1),
                        Duration.ofHours(1));
        assertThat(awaitStatus(address, "sent").getInteger("attempts")).isEqualTo(7);
        assertThat(accepted(address)).hasSize(1);
    }

    @Test
    void makesTheLastAttemptsShortlyBeforeTheExpiryAndNoneAfterIt() {
        server.reply(recipient(address), GREYLISTED);
        Instant expiry = clock.instant().plus(Duration.ofMinutes(10));
        test(address);

        Instant last = clock.instant();
        Document row = awaitAttempt(address, 1);
        for (int attempt = 2; time(row, "nextAt").isBefore(expiry); attempt++) {
            last = time(row, "nextAt");
            clock.set(last);
            wake();
            row = awaitAttempt(address, attempt);
        }
        server.reply(recipient(address), "250 ok");
        clock.set(expiry);
        wake();

        Document expired = awaitStatus(address, "expired");
        assertThat(Duration.between(last, expiry)).isLessThan(Duration.ofSeconds(10));
        assertThat(expired.getString("lastError")).contains("451");
        assertThat(accepted(address)).isEmpty();
        assertThat(retry(expired).text("code")).isEqualTo("MAIL_NOT_RETRYABLE");
    }

    @Test
    void aRejectedMailFailsAtOnceAndAnAdministratorRepeatsIt() {
        server.reply(recipient(address), "550 unknown mailbox");
        test(address);
        Document failed = awaitStatus(address, "failed");
        assertThat(failed.getInteger("attempts")).isEqualTo(1);
        assertThat(failed.getString("lastError")).isEqualTo("The mail server rejected the mail (550).");
        server.reply(recipient(address), "250 ok");

        Response queued = retry(failed);

        assertThat(queued.status()).isEqualTo(202);
        assertThat(queued.text("status")).isEqualTo("queued");
        wake();
        Document sent = awaitStatus(address, "sent");
        assertThat(sent.containsKey("lastError")).isFalse();
        assertThat(retry(sent).status()).isEqualTo(409);
    }

    @Test
    void anAdministratorDoesNotWaitForTheNextAttempt() {
        server.reply(recipient(address), GREYLISTED);
        test(address);
        Document waiting = awaitAttempt(address, 1);
        server.reply(recipient(address), "250 ok");

        assertThat(retry(waiting).status()).isEqualTo(202);

        wake();
        awaitStatus(address, "sent");
    }

    @Test
    void mailsThatHangDelayNoOther() {
        List<String> hanging = IntStream.range(0, 6)
                .mapToObj(i -> "hanging-" + i + "-" + address)
                .toList();
        hanging.subList(0, 2).forEach(to -> server.reply(recipient(to), ScriptedSmtpServer.SILENCE));
        hanging.subList(2, 4).forEach(to -> server.reply(recipient(to), ScriptedSmtpServer.DRIP));
        hanging.subList(4, 6).forEach(to -> server.reply(". " + to, ScriptedSmtpServer.SILENCE));
        hanging.forEach(MailQueueTest::test);
        hanging.forEach(to -> awaitRow(to, "attempts", 1));

        IntStream.range(0, 20).forEach(i -> test(i + "-" + address));
        IntStream.range(0, 20).forEach(i -> awaitStatus(i + "-" + address, "sent"));

        hanging.forEach(to -> assertThat(row(to).getString("status")).isEqualTo("queued"));
        server.disconnect();
        hanging.forEach(to -> server.reply(recipient(to), "250 ok"));
        hanging.forEach(to -> server.reply(". " + to, "250 ok"));
        hanging.forEach(to -> awaitAttempt(to, 1));
        clock.advance(Duration.ofSeconds(5));
        wake();
        hanging.forEach(to -> awaitStatus(to, "sent"));
        hanging.forEach(to -> assertThat(accepted(to)).hasSize(1));
    }

    @Test
    void aMailAfterWhichTheServerClosesTheConnectionIsRepeatedWithTheSameId() {
        server.reply(". " + address, ScriptedSmtpServer.CLOSE);
        test(address);
        Document row = awaitAttempt(address, 1);
        assertThat(row.getString("lastError")).isEqualTo("The connection to the mail server was lost.");
        server.reply(". " + address, "250 accepted");

        clock.advance(Duration.ofSeconds(5));
        wake();

        awaitStatus(address, "sent");
        String id = "Message-ID: <" + row.getObjectId("_id").toHexString() + "@example.com>";
        assertThat(server.received).filteredOn(id::equals).hasSize(2);
    }

    @Test
    void rowsAndRequestsThatThisVersionCannotReadAreLeftAloneAndDelayNoOther() {
        List<Document> unknown = List.of(
                request("webhook", address).append("status", "queued"),
                request("test", address).append("status", "bounced"));
        Document malformed = request("test", address).append("status", "queued");
        malformed.remove("expiresAt");
        unknown.forEach(row -> row.append("attempts", 0).append("nextAt", before(Duration.ofHours(1))));
        malformed.append("nextAt", before(Duration.ofHours(2)));
        stores.collection("mails").insertMany(unknown);
        stores.collection("mails").insertOne(malformed);
        String id = createUser("outbox-" + address);
        awaitStatus("outbox-" + address, "sent");
        Document webhook = request("webhook", address);
        setOutbox(id, webhook, new Document("kind", "test").append("createdAt", before(Duration.ofHours(1))));

        clock.advance(Duration.ofSeconds(10)); // a sweep
        test("other-" + address);

        awaitStatus("other-" + address, "sent");
        assertThat(stores.collection("mails").find(new Document("to", address))).containsAll(unknown);
        assertThat(outbox(id)).hasSize(2).contains(webhook);
        assertThat(accepted(address)).isEmpty();
        assertThat(rows("?limit=1000"))
                .hasSize(2)
                .allSatisfy(row -> assertThat(row.path("status").asText()).isEqualTo("sent"));
        assertThat(rows("?limit=1")).hasSize(1);
    }

    @Test
    void aNodeSendsTheRequestsOfACrashedNodeOnce() {
        String id = createUser("outbox-" + address);
        awaitStatus("outbox-" + address, "sent");
        Document request = request("test", address);
        Document known = request("test", "known-" + address);
        stores.collection("mails").insertOne(new Document(known).append("status", "sent"));
        setOutbox(id, request, known);

        wakeAndSettle();
        assertThat(outbox(id)).as("another node may be about to hand it over").hasSize(2);
        clock.advance(Duration.ofSeconds(10));
        wake();

        awaitStatus(address, "sent");
        await().atMost(TIMEOUT).until(() -> outbox(id).isEmpty());
        clock.advance(Duration.ofSeconds(10));
        wakeAndSettle();
        assertThat(accepted(address)).hasSize(1);
        assertThat(accepted("known-" + address)).isEmpty();
    }

    @Test
    void aNodeThatStopsFinishesItsMailsAndLeavesTheOthersToTheNextNode() {
        List<String> all =
                IntStream.range(0, 12).mapToObj(i -> i + "-" + address).toList();
        all.forEach(to -> server.reply(". " + to, ScriptedSmtpServer.HOLD));
        all.forEach(MailQueueTest::test);
        await().atMost(TIMEOUT).until(() -> attempted(all) == 8);

        int port = node.port();
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(node::close);
        await().atMost(TIMEOUT).until(() -> !isListening(port));
        server.release();
        stopped.join();

        assertThat(all)
                .filteredOn(to -> row(to).getString("status").equals("sent"))
                .hasSizeGreaterThanOrEqualTo(8);
        assertThat(all).noneMatch(to -> row(to).containsKey("lease"));
        node = start();
        all.forEach(to -> awaitStatus(to, "sent"));
        all.forEach(to -> assertThat(accepted(to)).hasSize(1));
    }

    @Test
    void aMailOfACrashedNodeIsSentAfterItsLease() {
        Document row = request("test", address)
                .append("status", "queued")
                .append("attempts", 1)
                .append("lease", "of a crashed node")
                .append("nextAt", Date.from(clock.instant().plus(MailWorker.LEASE)));
        stores.collection("mails").insertOne(row);

        clock.advance(MailWorker.LEASE.minusMillis(1));
        wakeAndSettle();
        assertThat(row(address)).isEqualTo(row);
        assertThat(retry(row).text("status")).isEqualTo("queued");
        clock.advance(Duration.ofMillis(1));
        wake();

        assertThat(awaitStatus(address, "sent").getInteger("attempts")).isEqualTo(2);
    }

    @Test
    void aDeadMailServerIsReportedAndDoesNotPreventReadiness() {
        server.shut();
        try (Node other = Node.start(stores, MailServer.settings(server.port()), clock)) {
            test(address);
            Document row = awaitAttempt(address, 1);
            await().atMost(TIMEOUT)
                    .until(() -> !smtp(other).path("state").asText().equals("up"));

            await().atMost(TIMEOUT).until(() -> other.get("/health/ready", "").status() == 200);
            assertThat(smtp(other).path("required").asBoolean()).isFalse();
            assertThat(row.getString("lastError")).isEqualTo("The connection to the mail server was lost.");
            assertThat(count(other, "test", "retried") + count(node, "test", "retried"))
                    .isPositive();
        } finally {
            server.reopen();
        }
        clock.advance(Duration.ofSeconds(5));
        wake();
        awaitStatus(address, "sent");
    }

    @Test
    void metricsCountEachOutcome() {
        server.reply(recipient(address), "550 unknown mailbox");
        double sent = count(node, "test", "sent");
        double failed = count(node, "test", "failed");

        test(address);
        test("other-" + address);
        awaitStatus(address, "failed");
        awaitStatus("other-" + address, "sent");

        assertThat(count(node, "test", "sent")).isEqualTo(sent + 1);
        assertThat(count(node, "test", "failed")).isEqualTo(failed + 1);
        assertThat(node.get("/metrics", "").body()).contains("gatehouse_mails_queued ");
    }

    @Test
    void listsMailsInPagesWithTheLatestFirst() {
        List<String> all =
                IntStream.range(0, 5).mapToObj(i -> i + "-" + address).toList();
        server.reply(recipient(all.get(3)), "550 unknown mailbox");
        all.forEach(MailQueueTest::test);
        all.forEach(to ->
                await().atMost(TIMEOUT).until(() -> !row(to).getString("status").equals("queued")));

        List<String> listed = new ArrayList<>();
        String page = "/mail?limit=2&status=sent";
        while (!page.isEmpty()) {
            Response response = node.get(page, admin());
            response.json().forEach(row -> listed.add(row.path("to").asText()));
            page = response.next();
        }

        assertThat(listed).containsExactly(all.get(4), all.get(2), all.get(1), all.get(0));
        JsonNode failed = rows("?status=failed").get(0);
        assertThat(failed.properties().stream().map(Map.Entry::getKey))
                .containsExactly("_id", "kind", "to", "status", "attempts", "lastError", "createdAt");
        assertThat(rows("?status=void")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"status=unknown", "after=x", "limit=0", "limit=1001", "kind=reset"})
    void rejectsAnInvalidQuery(String query) {
        assertThat(node.get("/mail?" + query, admin()).status()).isEqualTo(400);
    }

    @Test
    void onlyAdministratorsSeeAndSendMails() {
        node.create(admin(), "plain-" + own, PASSWORD);
        String token = node.token("plain-" + own, PASSWORD);
        String id = new ObjectId().toHexString();

        assertThat(node.get("/mail", token).status()).isEqualTo(403);
        assertThat(node.post("/mail/" + id + "/retry", token, "").status()).isEqualTo(403);
        assertThat(node.post("/mail/test", token, "{\"to\":\"a@b.example\"}").status())
                .isEqualTo(403);
        assertThat(node.get("/mail", "").status()).isEqualTo(401);
        for (String unknown : List.of(id, "x", id.toUpperCase(java.util.Locale.ROOT) + "0")) {
            Response response = node.post("/mail/" + unknown + "/retry", admin(), "");
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text("code")).isEqualTo("MAIL_NOT_FOUND");
        }
    }

    @Test
    void withoutAMailServerNoCallQueuesAMail() {
        try (Node without = Node.start(stores, Map.of(), clock)) {
            String admin = without.adminToken();
            Response created = without.post(
                    "/user",
                    admin,
                    "{\"username\":\"without-%d\",\"password\":\"%s\",\"email\":\"%s\"}"
                            .formatted(own, PASSWORD, address));
            String id = created.text("_id");
            String token = without.token("without-" + own, PASSWORD);
            String change = "{\"email\":\"new-" + address + "\",\"currentPassword\":\"" + PASSWORD + "\"}";

            List<Response> rejected = List.of(
                    without.post("/password/forgot", "", "{\"email\":\"" + address + "\"}"),
                    without.post("/email/verification", token, ""),
                    without.send(
                            "PUT", "/user/" + id + "/email", change, "auth", token, "Content-Type", "application/json"),
                    without.post("/invitation", admin, "{\"email\":\"" + address + "\"}"),
                    without.post("/mail/test", admin, "{\"to\":\"" + address + "\"}"),
                    without.post("/mail/" + new ObjectId() + "/retry", admin, ""));

            assertThat(rejected).allSatisfy(response -> {
                assertThat(response.status()).isEqualTo(503);
                assertThat(response.text("code")).isEqualTo("MAIL_NOT_CONFIGURED");
                assertThat(response.headers().firstValue("Retry-After")).isEmpty();
            });
            assertThat(outbox(id)).isEmpty();
            assertThat(stores.collection("mails").countDocuments()).isZero();
            assertThat(without.get("/mail", admin).status()).isEqualTo(200);
            assertThat(smtp(without).isMissingNode()).isTrue();
        }
    }

    private static String recipient(String to) {
        return "RCPT TO:<" + to + ">";
    }

    /** Wakes the worker, which otherwise waits for up to a second. */
    private static String wake() {
        String name = "stranger-" + number.incrementAndGet() + "@example.org";
        Response accepted = node.send(
                "POST",
                "/password/forgot",
                "{\"email\":\"" + name + "\"}",
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                "198.51.100." + number.get() % 250);
        assertThat(accepted.status()).isEqualTo(202);
        return name;
    }

    /** Wakes the worker, and waits until it has processed all rows that are due. */
    private static void wakeAndSettle() {
        String name = wake();
        await().atMost(TIMEOUT)
                .until(() ->
                        stores.collection("mails").countDocuments(new Document("to", name).append("status", "void"))
                                == 1);
    }

    /** Returns a token of the administrator. */
    private static String admin() {
        if (!clock.instant().isBefore(adminUntil)) {
            admin = node.adminToken();
            adminUntil = clock.instant().plus(Duration.ofMinutes(5));
        }
        return admin;
    }

    private static void test(String to) {
        assertThat(node.post("/mail/test", admin(), "{\"to\":\"" + to + "\"}").status())
                .isEqualTo(202);
    }

    private static Response retry(Document row) {
        return node.post("/mail/" + row.getObjectId("_id").toHexString() + "/retry", admin(), "");
    }

    /** Creates a user with this address, which causes a mail that verifies the address. */
    private String createUser(String email) {
        Response created = node.post(
                "/user",
                admin(),
                "{\"username\":\"user-%d\",\"password\":\"%s\",\"email\":\"%s\"}".formatted(own, PASSWORD, email));
        assertThat(created.status()).isEqualTo(201);
        return created.text("_id");
    }

    private static List<Accepted> accepted(String to) {
        return server.accepted.stream().filter(mail -> mail.to().equals(to)).toList();
    }

    private static Document row(String to) {
        Document row = stores.collection("mails").find(new Document("to", to)).first();
        return row == null ? new Document("status", "").append("attempts", 0) : row;
    }

    private static Document awaitRow(String to, String field, Object value) {
        await().atMost(TIMEOUT).until(() -> value.equals(row(to).get(field)));
        return row(to);
    }

    private static Document awaitStatus(String to, String status) {
        return awaitRow(to, "status", status);
    }

    /** Waits until an attempt has ended, and returns the row. */
    private static Document awaitAttempt(String to, int attempt) {
        await().atMost(TIMEOUT).until(() -> row(to).getInteger("attempts") == attempt && !row(to).containsKey("lease"));
        return row(to);
    }

    private static long attempted(List<String> all) {
        return all.stream().filter(to -> row(to).getInteger("attempts") == 1).count();
    }

    private static boolean isListening(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    private static Instant time(Document row, String field) {
        return row.getDate(field).toInstant();
    }

    private static Date before(Duration age) {
        return Date.from(clock.instant().minus(age));
    }

    private static Document request(String kind, String to) {
        return new Document("_id", new ObjectId())
                .append("kind", kind)
                .append("to", to)
                .append("language", "en")
                .append("limited", false)
                .append("createdAt", Date.from(clock.instant()))
                .append("expiresAt", Date.from(clock.instant().plus(Duration.ofHours(1))));
    }

    private static void setOutbox(String user, Object... requests) {
        stores.users()
                .updateOne(
                        new Document("_id", new ObjectId(user)),
                        new Document("$set", new Document("_server.outbox", List.of(requests))));
    }

    private static List<Object> outbox(String user) {
        Document found =
                stores.users().find(new Document("_id", new ObjectId(user))).first();
        return Optional.ofNullable(found)
                .map(document -> document.get("_server", Document.class))
                .map(data -> data.getList("outbox", Object.class))
                .orElse(List.of());
    }

    private static List<JsonNode> rows(String query) {
        List<JsonNode> rows = new ArrayList<>();
        node.get("/mail" + query, admin()).json().forEach(rows::add);
        return rows;
    }

    private static JsonNode smtp(Node at) {
        for (JsonNode dependency : at.get("/health/ready", "").json().path("dependencies")) {
            if (dependency.path("name").asText().equals("smtp")) {
                return dependency;
            }
        }
        return Json.MAPPER.missingNode();
    }

    private static double count(Node at, String kind, String outcome) {
        String series = "gatehouse_mails_total{kind=\"" + kind + "\",outcome=\"" + outcome + "\"} ";
        return at.get("/metrics", "")
                .body()
                .lines()
                .filter(line -> line.startsWith(series))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length())))
                .sum();
    }
}
