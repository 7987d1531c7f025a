package org.gatehouse.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.fault.NodeProcess;
import org.gatehouse.json.Json;
import org.gatehouse.mail.ScriptedSmtpServer.Accepted;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests that three nodes lose no mail, and send none twice, while the mail server or a node fails during 1,000 requests.
 *
 * <p>A mail may be sent twice only if the mail server accepted the mail, and closed the connection before the node had
 * ended the connection, or if the node was killed. The mail server records the former.
 */
@Tag("full")
class MailFaultsTest {
    private static final int VERIFIED_USERS = 200;
    private static final int UNVERIFIED_USERS = 100;
    private static final int REQUESTS = 4 * VERIFIED_USERS + 2 * UNVERIFIED_USERS;
    private static final int THREADS = 6;

    /** The number of mails that a node sends at the same time. */
    private static final int MAX_IN_FLIGHT = 8;

    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final String PASSWORD = "correct horse battery staple";

    private final Stores stores = new Stores();
    private final ScriptedSmtpServer server = new ScriptedSmtpServer(Map.of());
    private final List<ServiceClient> nodes = new ArrayList<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final Map<String, String> tokens = new ConcurrentHashMap<>();
    private final Map<String, String> ids = new ConcurrentHashMap<>();

    /** How many requests for a mail of this kind to this address a node has accepted. */
    private final Map<String, Integer> acknowledged = new ConcurrentHashMap<>();

    private final AtomicInteger source = new AtomicInteger();

    /** A clock that is faster than the clock of the system, and can be advanced. */
    private static final class FastClock extends Clock {
        private final Instant start = Instant.now();
        private final int speed;
        private volatile Duration advance = Duration.ZERO;

        FastClock(int speed) {
            this.speed = speed;
        }

        void advance(Duration duration) {
            advance = duration;
        }

        @Override
        public Instant instant() {
            return start.plus(Duration.between(start, Instant.now()).multipliedBy(speed))
                    .plus(advance);
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
        server.close();
        nodes.forEach(ServiceClient::close);
        stores.close();
    }

    /** The clock is four times as fast as the system's, so the mail server is stopped for 100 s of this clock. */
    @Test
    void noMailIsLostOrSentTwiceOrLateIfTheMailServerStops() throws Exception {
        FastClock clock = new FastClock(4);
        server.clock = clock;
        Map<String, String> settings = settings();
        settings.put("PROOF_RESET_EXPIRY", "60000");
        IntStream.range(0, 3).forEach(i -> nodes.add(Node.start(stores, settings, clock)));
        createUsers();

        Future<?> load = request(200, server::shut);
        await().atMost(TIMEOUT).until(() -> queued() > 200);
        Instant restart = clock.instant().plus(Duration.ofSeconds(100));
        await().atMost(TIMEOUT).until(() -> clock.instant().isAfter(restart));
        server.reopen();
        load.get();
        awaitEnd();

        List<Document> rows = rows();
        assertNoneIsLost(rows);
        List<Document> expired = with(rows, "expired");
        // The last attempt is some seconds before the expiry, or later on a busy machine.
        assertThat(expired)
                .allSatisfy(row -> assertThat(row.getDate("expiresAt").toInstant())
                        .isBefore(restart.plus(Duration.ofSeconds(40))));
        assertThat(twice()).isSubsetOf(server.cut);
        Map<String, Instant> expiry = rows.stream()
                .collect(Collectors.toMap(
                        MailFaultsTest::messageId,
                        row -> row.getDate("expiresAt").toInstant()));
        assertThat(server.accepted)
                .allSatisfy(mail -> assertThat(mail.at()).isBefore(expiry.getOrDefault(mail.messageId(), Instant.MIN)));
        report("mail server stopped for 100 s", rows);
    }

    @Test
    void onlyMailsInFlightAreSentTwiceIfANodeIsKilled() throws Exception {
        FastClock clock = new FastClock(1);
        server.delay = Duration.ofMillis(50);
        NodeProcess killed = NodeProcess.start(ServiceClient.settings(stores, settings()));
        nodes.add(killed);
        nodes.add(Node.start(stores, settings(), clock));
        nodes.add(Node.start(stores, settings(), clock));
        createUsers();

        request(400, killed::close).get();
        // The other nodes send everything except the mails of the killed node.
        await().atMost(TIMEOUT).during(Duration.ofSeconds(3)).until(() -> queued() <= MAX_IN_FLIGHT);
        clock.advance(MailWorker.LEASE);
        awaitEnd();

        List<Document> rows = rows();
        assertNoneIsLost(rows);
        assertThat(with(rows, "expired")).isEmpty();
        assertThat(twice()).hasSizeLessThanOrEqualTo(MAX_IN_FLIGHT);
        report("node killed", rows);
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(MailServer.settings(server.port()));
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        return settings;
    }

    private void createUsers() throws Exception {
        String admin = nodes.get(1).adminToken();
        List<Callable<Boolean>> creations = IntStream.range(0, VERIFIED_USERS + UNVERIFIED_USERS)
                .<Callable<Boolean>>mapToObj(number -> () -> {
                    createUser(admin, number);
                    return true;
                })
                .toList();
        for (Future<Boolean> creation : threads.invokeAll(creations)) {
            assertThat(creation.get()).isTrue();
        }
    }

    private void createUser(String admin, int number) {
        ServiceClient node = nodes.get(1 + number % 2);
        String name = "user-" + number;
        String id = node.create(admin, name, PASSWORD);
        ids.put(name, id);
        String email = "{\"email\":\"" + address(number) + "\"";
        Response changed = number < VERIFIED_USERS
                ? node.send(
                        "PUT",
                        "/user/" + id + "/email",
                        email + ",\"verified\":true}",
                        "auth",
                        admin,
                        "Content-Type",
                        "application/json")
                : node.patch("/user/" + id, admin, email + "}");
        assertThat(changed.status()).isLessThan(300);
        String client = "10.0." + number / 200 + "." + number % 200;
        Response login = node.patiently(() -> node.loginFrom(client, name, PASSWORD));
        tokens.put(name, login.text("token"));
    }

    private static String address(int number) {
        return "user-" + number + "@example.com";
    }

    /** Makes the requests, and starts the fault after some of them. */
    private Future<?> request(int before, Runnable fault) {
        List<Consumer<ServiceClient>> requests = new ArrayList<>();
        for (int turn = 0; turn < 2; turn++) {
            for (int number = 0; number < VERIFIED_USERS; number++) {
                int user = number;
                String changed = "changed-" + turn + "-" + address(user);
                requests.add(node -> forgot(node, address(user)));
                requests.add(node -> change(node, "user-" + user, changed));
                if (number < UNVERIFIED_USERS) {
                    requests.add(node -> verification(node, VERIFIED_USERS + user));
                }
            }
        }
        assertThat(requests).hasSize(REQUESTS);
        AtomicInteger next = new AtomicInteger();
        Callable<Boolean> client = () -> {
            for (int i = next.getAndIncrement(); i < REQUESTS; i = next.getAndIncrement()) {
                if (i == before) {
                    fault.run();
                }
                requests.get(i).accept(nodes.get(i % nodes.size()));
            }
            return true;
        };
        ExecutorService coordinator = Executors.newSingleThreadExecutor();
        Future<?> all = coordinator.submit(() -> {
            for (Future<Boolean> ended : threads.invokeAll(java.util.Collections.nCopies(THREADS, client))) {
                assertThat(ended.get()).isTrue();
            }
            return true;
        });
        coordinator.shutdown();
        return all;
    }

    private void forgot(ServiceClient node, String address) {
        send(node, "reset", address, "POST", "/password/forgot", "{\"email\":\"" + address + "\"}", "");
    }

    private void change(ServiceClient node, String name, String changed) {
        String body = Json.MAPPER
                .createObjectNode()
                .put("email", changed)
                .put("currentPassword", PASSWORD)
                .toString();
        send(node, "change", changed, "PUT", "/user/" + ids.get(name) + "/email", body, tokens.getOrDefault(name, ""));
    }

    private void verification(ServiceClient node, int number) {
        String token = tokens.getOrDefault("user-" + number, "");
        send(node, "verification", address(number), "POST", "/email/verification", "", token);
    }

    private void send(
            ServiceClient node, String kind, String to, String method, String path, String body, String token) {
        int number = source.getAndIncrement();
        try {
            Response response = node.patiently(() -> node.send(
                    method,
                    path,
                    body,
                    "auth",
                    token,
                    "Content-Type",
                    body.isEmpty() ? "" : "application/json",
                    "X-Forwarded-For",
                    "10.1." + number / 200 + "." + number % 200));
            if (response.text("code").equals("STORE_UNAVAILABLE")) {
                return; // the machine is too busy
            }
            assertThat(response.status()).as(response.body()).isEqualTo(202);
            acknowledged.merge(kind + " " + to, 1, Integer::sum);
        } catch (UncheckedIOException killed) {
            assertThat(node).isInstanceOf(NodeProcess.class);
        }
    }

    private long queued() {
        return stores.collection("mails").countDocuments(new Document("status", "queued"));
    }

    private void awaitEnd() {
        await().atMost(TIMEOUT)
                .until(() -> queued() == 0
                        && stores.users()
                                        .countDocuments(
                                                new Document("_server.outbox.createdAt", new Document("$exists", true)))
                                == 0);
    }

    private List<Document> rows() {
        return stores.collection("mails").find().into(new ArrayList<>());
    }

    private static List<Document> with(List<Document> rows, String status) {
        return rows.stream()
                .filter(row -> status.equals(row.getString("status")))
                .toList();
    }

    private static String messageId(Document row) {
        return "Message-ID: <" + row.getObjectId("_id").toHexString() + "@example.com>";
    }

    /** Checks that there is a row for each request that was accepted, and that each row was sent or has expired. */
    private void assertNoneIsLost(List<Document> rows) {
        Map<String, Integer> counts = new HashMap<>();
        rows.forEach(row -> counts.merge(row.getString("kind") + " " + row.getString("to"), 1, Integer::sum));
        acknowledged.forEach((request, count) ->
                assertThat(counts.getOrDefault(request, 0)).as(request).isGreaterThanOrEqualTo(count));
        assertThat(rows).allSatisfy(row -> assertThat(row.getString("status")).isIn("sent", "expired"));
        Set<String> accepted = server.accepted.stream().map(Accepted::messageId).collect(Collectors.toSet());
        assertThat(with(rows, "sent")).allSatisfy(row -> assertThat(accepted).contains(messageId(row)));
    }

    /** Returns the ids of the mails that the server accepted more than once. */
    private Set<String> twice() {
        Map<String, Long> counts =
                server.accepted.stream().collect(Collectors.groupingBy(Accepted::messageId, Collectors.counting()));
        Set<String> twice = new HashSet<>();
        counts.forEach((id, count) -> {
            if (count > 1) {
                twice.add(id);
            }
        });
        return twice;
    }

    private void report(String fault, List<Document> rows) {
        Function<Document, String> status = row -> row.getString("status");
        System.out.printf(
                ">> %s: %d requests accepted, rows %s, %d sent twice, %d cut%n",
                fault,
                acknowledged.values().stream().mapToInt(Integer::intValue).sum(),
                rows.stream().collect(Collectors.groupingBy(status, Collectors.counting())),
                twice().size(),
                server.cut.size());
    }
}
