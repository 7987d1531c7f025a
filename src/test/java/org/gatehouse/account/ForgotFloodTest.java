package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests that thousands of requests from 1,000 sources send few mails to a victim, and the mails of all other users. */
@Tag("full")
class ForgotFloodTest {
    private static final int CALLS = 3_000;
    private static final int SOURCES = 1_000;
    private static final int CLIENTS = 8;

    /** Every tenth call names the victim. */
    private static final int VICTIM_INTERVAL = 10;

    /** Every 150th call is that of a user who forgot the password. */
    private static final int USER_INTERVAL = 150;

    private static final int USERS = CALLS / USER_INTERVAL;

    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final String PASSWORD = "correct horse battery staple";
    private static final String VICTIM = "victim@example.com";

    private static final Stores stores = new Stores();
    private static final MailServer mails = MailServer.start();
    private static final List<Node> nodes = List.of(start(), start());

    private static Node start() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(stores, settings);
    }

    @AfterAll
    static void stop() {
        nodes.forEach(Node::close);
        mails.close();
        stores.close();
    }

    @Test
    void aFloodSendsThreeMailsToTheVictimAndReachesAllOtherUsers() throws Exception {
        createVerified("victim", VICTIM);
        for (int user = 0; user < USERS; user++) {
            createVerified("user-" + user, "user-" + user + "@example.com");
        }
        List<Integer> statuses = new ArrayList<>();
        AtomicInteger next = new AtomicInteger();
        Callable<List<Integer>> client = () -> {
            List<Integer> own = new ArrayList<>();
            for (int i = next.getAndIncrement(); i < CALLS; i = next.getAndIncrement()) {
                own.add(forgot(i, address(i)).status());
            }
            return own;
        };
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            for (Future<List<Integer>> ended : clients.invokeAll(Collections.nCopies(CLIENTS, client))) {
                statuses.addAll(ended.get());
            }
        } finally {
            clients.shutdownNow();
        }
        long flooded = System.nanoTime();
        await().atMost(TIMEOUT)
                .until(() -> stores.collection("mails").countDocuments(new Document("status", "queued")) == 0);
        Duration drained = Duration.ofNanos(System.nanoTime() - flooded);

        assertThat(statuses).hasSize(CALLS).containsOnly(202);
        assertThat(mails.received(VICTIM, "reset")).hasSize(3);
        List<Duration> delays = delays();
        System.out.printf(
                ">> %d calls; the queue was empty %.1f s later; delays of %d users: median %.1f s, maximum %.1f s%n",
                CALLS,
                drained.toMillis() / 1e3,
                USERS,
                delays.get(USERS / 2).toMillis() / 1e3,
                delays.get(USERS - 1).toMillis() / 1e3);
        assertThat(delays).hasSize(USERS);
    }

    private static String address(int call) {
        if (call % USER_INTERVAL == USER_INTERVAL - 1) {
            return "user-" + call / USER_INTERVAL + "@example.com";
        }
        return call % VICTIM_INTERVAL == 0 ? VICTIM : "unknown-" + call + "@example.com";
    }

    private static Response forgot(int call, String address) {
        int source = call % SOURCES;
        return nodes.get(call % 2)
                .send(
                        "POST",
                        "/password/forgot",
                        "{\"email\":\"" + address + "\"}",
                        "Content-Type",
                        "application/json",
                        "X-Forwarded-For",
                        "10.0." + source / 200 + "." + source % 200);
    }

    /** Returns the times from the request to the mail, in ascending order. */
    private static List<Duration> delays() {
        List<Duration> delays = new ArrayList<>();
        mails.received().stream().filter(mail -> mail.to().startsWith("user-")).forEach(mail -> {
            Document row = stores.collection("mails")
                    .find(new Document("_id", new ObjectId(mail.id().substring(1, 25))))
                    .first();
            assertThat(row).isNotNull();
            delays.add(Duration.between(row.getDate("createdAt").toInstant(), mail.receivedAt()));
        });
        Collections.sort(delays);
        return delays;
    }

    private static void createVerified(String name, String address) {
        Node node = nodes.get(0);
        String admin = node.adminToken();
        String id = node.create(admin, name, PASSWORD);
        assertThat(node.send(
                                "PUT",
                                "/user/" + id + "/email",
                                "{\"email\":\"" + address + "\",\"verified\":true}",
                                "auth",
                                admin,
                                "Content-Type",
                                "application/json")
                        .status())
                .isEqualTo(204);
    }
}
