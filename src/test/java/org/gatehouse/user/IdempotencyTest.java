package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that several requests with one Idempotency-Key create only one user. The requests go to several nodes, and a
 * node may stop during the first request.
 */
class IdempotencyTest {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final SettableClock clock = SettableClock.atNow();
    private static final Node one = start();
    private static final Node other = start();

    private static Node start() {
        return start(command -> {});
    }

    /** @param observer receives the name and collection of each MongoDB command */
    private static Node start(Consumer<String> observer) {
        Map<String, String> settings = Map.of("REGISTRATION", "open", "TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(stores, settings, clock, observer);
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void aRepeatedRequestGetsTheOriginalResponse() {
        String admin = one.adminToken();
        String body = body("repeated").replace("}", ",\"n\":1.50,\"address\":{\"city\":\"Bern\"},\"tags\":[null]}");
        Response first = create(one, admin, "k1", body);
        assertThat(first.status()).isEqualTo(201);

        // A repeated request gets the original response, even if the user has changed meanwhile.
        assertThat(one.patch("/user/" + first.text("_id"), admin, "{\"n\":2}").status())
                .isEqualTo(200);
        for (Node node : List.of(one, other)) {
            assertSame(first, create(node, admin, "k1", body));
        }
        assertSame(first, create(other, admin, "k1", reordered(body)));
        assertThat(one.delete("/user/" + first.text("_id"), admin).status()).isEqualTo(204);
        assertSame(first, create(other, admin, "k1", body));
        assertThat(usersNamed("repeated")).isZero();
    }

    @Test
    void anotherBodyUnderTheSameKeyIsRejected() {
        String admin = one.adminToken();
        assertThat(create(one, admin, "k2", body("bodied")).status()).isEqualTo(201);

        for (String body : List.of(body("bodied2"), body("bodied").replace("staple", "stable"))) {
            Response response = create(other, admin, "k2", body);
            assertThat(response.status()).isEqualTo(422);
            assertThat(response.text("code")).isEqualTo("IDEMPOTENCY_KEY_REUSED");
        }
    }

    @Test
    void aRejectedRequestFreesItsKey() {
        String admin = one.adminToken();
        one.create(admin, "occupied", PASSWORD);

        assertThat(create(one, admin, "k3", body("x")).status()).isEqualTo(400);
        assertThat(create(one, admin, "k3", body("occupied")).status()).isEqualTo(409);
        assertThat(create(other, admin, "k3", body("vacant")).status()).isEqualTo(201);
    }

    @Test
    void aKeyExpiresAfterADay() {
        String admin = one.adminToken();
        assertThat(create(one, admin, "k4", body("dayfly")).status()).isEqualTo(201);

        clock.advance(Duration.ofHours(23));
        String later = one.adminToken();
        assertThat(create(one, later, "k4", body("dayfly")).status()).isEqualTo(201);
        clock.advance(Duration.ofHours(1));
        String muchLater = one.adminToken();
        assertThat(create(one, muchLater, "k4", body("dayfly")).text("code")).isEqualTo("USERNAME_TAKEN");
        assertThat(create(one, muchLater, "k4", body("mayfly")).status()).isEqualTo(201);
    }

    @Test
    void equalKeysOfDifferentCallersAreIndependent() {
        String admin = one.adminToken();
        assertThat(create(one, admin, "k5", body("scoped1")).status()).isEqualTo(201);
        Response stranger = createFrom("198.51.100.1", "k5", body("scoped2"));
        assertThat(stranger.status()).isEqualTo(201);
        assertSame(stranger, createFrom("198.51.100.1", "k5", body("scoped2")));

        assertThat(createFrom("198.51.100.2", "k5", body("scoped2")).text("code"))
                .isEqualTo("USERNAME_TAKEN");
        assertThat(create(one, one.token("scoped1", PASSWORD), "k5", body("scoped2"))
                        .text("code"))
                .isEqualTo("USERNAME_TAKEN");
    }

    @Test
    void theStoredEntryContainsNeitherTheKeyNorTheBody() {
        String admin = one.adminToken();
        assertThat(create(one, admin, "a-secret-key", body("unnoted")).status()).isEqualTo(201);

        for (Document document : stores.collection("idempotencyKeys").find()) {
            assertThat(document.toJson())
                    .doesNotContain("unnoted")
                    .doesNotContain("horse")
                    .doesNotContain("argon2")
                    .doesNotContain("a-secret-key");
        }
    }

    @Test
    void aRequestAndItsConcurrentRepeatGetTheSameResponse() throws Exception {
        String admin = one.adminToken();
        CountDownLatch inserting = new CountDownLatch(1);
        CountDownLatch repeated = new CountDownLatch(1);
        try (Node slow = start(command -> {
            if (command.equals("insert users")) {
                inserting.countDown();
                await(repeated);
            }
        })) {
            CompletableFuture<Response> first =
                    CompletableFuture.supplyAsync(() -> create(slow, admin, "k6", body("underway")));
            assertThat(await(inserting)).isTrue();
            Response repeat = create(other, admin, "k6", body("underway"));
            assertThat(first).isNotDone();
            repeated.countDown();

            assertSame(repeat, first.get(60, TimeUnit.SECONDS));
        }
        assertThat(usersNamed("underway")).isEqualTo(1);
        assertSame(create(one, admin, "k6", body("underway")), create(other, admin, "k6", body("underway")));
    }

    /** Simulates a node that created the user, but stopped before it recorded the creation in the idempotency entry. */
    @Test
    void aRepeatReturnsTheUserThatAStoppedNodeCreated() {
        String admin = one.adminToken();
        Response first = create(one, admin, "k10", body("stored"));
        markUnfinished(first, Instant.now(clock).plusSeconds(30));

        assertSame(first, create(other, admin, "k10", body("stored")));
        // The other node has recorded the creation in the entry. Therefore the next repeat gets the original response,
        // even after the user is deleted.
        assertThat(one.delete("/user/" + first.text("_id"), admin).status()).isEqualTo(204);
        assertSame(first, create(other, admin, "k10", body("stored")));
        assertThat(usersNamed("stored")).isZero();
    }

    @Test
    void aRejectedRepeatDoesNotFreeTheKeyOfTheFirstRequest() throws Exception {
        String admin = one.adminToken();
        String id = one.create(admin, "blocker", PASSWORD);

        CountDownLatch inserting = new CountDownLatch(1);
        CountDownLatch rejected = new CountDownLatch(1);
        try (Node slow = start(command -> {
            if (command.equals("insert users")) {
                inserting.countDown();
                await(rejected);
            }
        })) {
            CompletableFuture<Response> first =
                    CompletableFuture.supplyAsync(() -> create(slow, admin, "k11", body("blocker")));
            assertThat(await(inserting)).isTrue();
            assertThat(create(other, admin, "k11", body("blocker")).text("code"))
                    .isEqualTo("USERNAME_TAKEN");
            assertThat(one.delete("/user/" + id, admin).status()).isEqualTo(204);
            rejected.countDown();

            Response created = first.get(60, TimeUnit.SECONDS);
            assertThat(created.status()).as(created.body()).isEqualTo(201);
            assertSame(created, create(other, admin, "k11", body("blocker")));
        }
    }

    @Test
    void aRepeatCreatesTheUserIfTheFirstNodeStoppedBeforeTheInsert() {
        String admin = one.adminToken();
        Response first = create(one, admin, "k7", body("unstored"));
        stores.users().deleteOne(new Document("username", "unstored"));
        markUnfinished(first, Instant.now(clock).minusSeconds(1));

        Response again = create(other, admin, "k7", body("unstored"));
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.text("_id")).isEqualTo(first.text("_id"));
        assertThat(usersNamed("unstored")).isEqualTo(1);
        assertSame(again, create(one, admin, "k7", body("unstored")));
    }

    @Test
    void fiftyConcurrentRequestsOnTwoNodesCreateOneUser() throws Exception {
        String admin = one.adminToken();
        CountDownLatch go = new CountDownLatch(1);
        ExecutorService clients = Executors.newFixedThreadPool(50);
        List<Future<Response>> responses = new ArrayList<>();
        try {
            for (int i = 0; i < 50; i++) {
                Node node = i % 2 == 0 ? one : other;
                responses.add(clients.submit(() -> {
                    go.await();
                    // Each call hashes the password. On a busy machine, the hasher may reject the call because its
                    // queue is full.
                    return node.patiently(() -> create(node, admin, "k8", body("crowded")));
                }));
            }
            go.countDown();
            Response first = responses.get(0).get();
            for (Future<Response> future : responses) {
                assertSame(first, future.get());
            }
        } finally {
            clients.shutdownNow();
        }
        assertThat(usersNamed("crowded")).isEqualTo(1);
        assertThat(create(one, admin, "k8", body("crowded")).status()).isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(strings = {"has space", "tab\tinside"})
    void anInvalidKeyIsRejected(String key) {
        Response response = create(one, one.adminToken(), key, body("keyless"));

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("BAD_REQUEST");
    }

    @Test
    void aKeyThatIsTooLongOrSentTwiceIsRejected() {
        String admin = one.adminToken();

        assertThat(create(one, admin, "k".repeat(256), body("lengthy")).status())
                .isEqualTo(400);
        assertThat(create(one, admin, "k".repeat(255), body("lengthy")).status())
                .isEqualTo(201);
        Response twice = one.send(
                "POST",
                "/user",
                body("twice"),
                "auth",
                admin,
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                "a",
                "Idempotency-Key",
                "b");
        assertThat(twice.status()).isEqualTo(400);
    }

    /** Changes the entry as if a node had created the user but had not recorded the creation in the entry. */
    private static void markUnfinished(Response created, Instant heldUntil) {
        stores.collection("idempotencyKeys")
                .updateOne(
                        new Document("userId", new ObjectId(created.text("_id"))),
                        new Document("$unset", new Document("createdAt", ""))
                                .append("$set", new Document("heldUntil", Date.from(heldUntil))));
    }

    private static void assertSame(Response first, Response again) {
        assertThat(again.status()).as(again.body()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("ETag")).isEqualTo(first.header("ETag")).isEqualTo("\"1\"");
        assertThat(again.header("Location")).isEqualTo(first.header("Location"));
    }

    private static Response create(Node node, String token, String key, String body) {
        return node.send(
                "POST", "/user", body, "auth", token, "Content-Type", "application/json", "Idempotency-Key", key);
    }

    private static Response createFrom(String address, String key, String body) {
        return one.send(
                "POST",
                "/user",
                body,
                "X-Forwarded-For",
                address,
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                key);
    }

    private static String body(String username) {
        return "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\"}";
    }

    private static String reordered(String body) {
        return body.replace("{\"username\":\"repeated\",", "{ \"n\" : 1.50, \"username\":\"repeated\",")
                .replace("\"staple\",\"n\":1.50", "\"staple\"")
                .replace(",\"n\":1.50,\"address\"", ",\"address\"");
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static long usersNamed(String username) {
        return stores.users().countDocuments(new Document("username", username));
    }
}
