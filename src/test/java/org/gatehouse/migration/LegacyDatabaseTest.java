package org.gatehouse.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.model.Filters;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.bson.BsonDocument;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests how one or two nodes migrate a legacy database. Two nodes may start together, and a node may stop during the
 * migration.
 */
@SuppressWarnings("JavaUtilDate") // the driver requires java.util.Date
@Tag("also-full")
class LegacyDatabaseTest {
    private static final int USERS = Boolean.getBoolean("gatehouse.long") ? 2_000 : 100;
    private static final Duration WAIT_TIMEOUT = Duration.ofMinutes(5);
    private static final Map<String, String> PROXIED = Map.of("TRUSTED_PROXIES", "127.0.0.1");

    /**
     * The number of additional users. Each additional user has the name of another user, in the same case or in upper
     * case.
     */
    private static final int DUPLICATES = USERS / 10;

    private final Stores stores = new Stores();
    private final Map<ObjectId, Document> originals = new HashMap<>();
    private final Map<String, String> passwords = new HashMap<>();
    private final Map<ObjectId, String> passwordsById = new HashMap<>();
    private final Set<String> duplicateNames = new HashSet<>();
    private final List<Node> nodes = new ArrayList<>();

    @BeforeEach
    void fillAsTheLegacyServiceDid() {
        Random random = new Random(3);
        List<Document> documents = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            String name = (i % 3 == 0 ? "u" : "User-") + i;
            String password = i % 5 == 0 ? "p" + i : "pa\u00df-" + i + "x".repeat(i % 80) + "end";
            // The legacy service used bcrypt with cost 10. One such hash takes 60 ms. To save time, most hashes of this
            // test have a lower cost.
            String stored = i % 2 == 0 ? password : bcrypt(password, i % 21 == 0 ? 10 : 4 + i % 4, random);
            documents.add(document(name, password, stored, i));
            passwords.put(name, password);
        }
        for (int i = 0; i < DUPLICATES; i++) {
            String name = "u" + i * 3;
            String twin = i % 2 == 0 ? name : name.toUpperCase(Locale.ROOT);
            documents.add(document(twin, "twin" + i, "twin" + i, USERS + i));
            passwords.remove(name);
            duplicateNames.add(name);
        }
        stores.users().insertMany(documents);
        stores.users().find().forEach(document -> originals.put(document.getObjectId("_id"), document));
    }

    @AfterEach
    void stop() {
        nodes.forEach(Node::close);
        stores.close();
    }

    @Test
    void allUsersWithAUniqueNameLogInWhileTwoNodesMigrate() throws Exception {
        startTogether(2);
        assertAllUsersLogIn(); // the migration of the passwords is running
        awaitEndOfPasswordMigration();
        assertAllUsersLogIn();
        assertNoPasswordIsLeft();
        assertCustomFieldsAreIntact();
        System.out.printf(
                "%d documents of the legacy service on two nodes: %d users logged in during and after the migration,"
                        + " %d duplicate names did not, 0 password fields left%n",
                originals.size(), passwords.size(), duplicateNames.size());
    }

    @Test
    void anotherNodeFinishesTheMigrationOfAStoppedNode() throws Exception {
        // This hasher is slow, so that the test can stop the node during the migration.
        PasswordHasher costly = new PasswordHasher(19_456, 2, 1, new Metrics());
        Node first = Node.start(stores, PROXIED, costly);
        try {
            await().pollInterval(Duration.ofMillis(5)).until(() -> passwordsLeft() < originals.size());
        } finally {
            first.close();
        }
        long left = passwordsLeft();
        assertThat(left).isPositive().isLessThan(originals.size());

        start();
        awaitEndOfPasswordMigration();

        assertAllUsersLogIn();
        assertNoPasswordIsLeft();
        assertCustomFieldsAreIntact();
        System.out.printf("the first node left %d of %d passwords to the second%n", left, originals.size());
    }

    @Test
    void usersWithTheSameNameLogInAfterOneUserIsRenamed() throws Exception {
        startTogether(2);
        Node one = nodes.get(0);
        Node two = nodes.get(1);
        String admin = adminToken(one);
        String name = duplicateNames.iterator().next();
        List<ObjectId> twins = idsOf(name);
        assertThat(twins).hasSize(2);

        Response renamed = one.patch("/user/" + twins.get(0), admin, "{\"username\":\"renamed-twin\"}");

        assertThat(renamed.status()).isEqualTo(200);
        String passwordOfRenamed = passwordOf(twins.get(0));
        String passwordOfOther = passwordOf(twins.get(1));
        for (Node node : List.of(two, one)) {
            assertThat(login(node, "renamed-twin", passwordOfRenamed).status()).isEqualTo(200);
            assertThat(login(node, name, passwordOfOther).status()).isEqualTo(200);
            assertThat(login(node, name, passwordOfRenamed).status()).isEqualTo(401);
        }
    }

    @Test
    void eachUserIsListedOnceInEveryOrder() throws Exception {
        startTogether(1);
        String admin = adminToken(nodes.get(0));
        for (String sort : List.of("createdAt", "-createdAt", "username", "-username")) {
            Set<String> seen = new HashSet<>();
            String next = "/user?limit=17&sort=" + sort;
            while (!next.isEmpty()) {
                Response page = nodes.get(0).get(next, admin);
                assertThat(page.status()).isEqualTo(200);
                page.json()
                        .forEach(user ->
                                assertThat(seen.add(user.path("_id").asText())).isTrue());
                next = page.next();
            }
            assertThat(seen).hasSize(originals.size() + 1);
        }
    }

    private Node start() {
        Node node = Node.start(stores, PROXIED);
        nodes.add(node);
        return node;
    }

    private void startTogether(int count) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<Node>> starts = IntStream.range(0, count)
                    .mapToObj(i -> threads.submit(() -> Node.start(stores, PROXIED)))
                    .toList();
            for (Future<Node> start : starts) {
                nodes.add(start.get());
            }
        } finally {
            threads.shutdown();
        }
    }

    private void assertAllUsersLogIn() {
        int i = 0;
        for (Map.Entry<String, String> user : passwords.entrySet()) {
            Node node = nodes.get(i++ % nodes.size());
            Response right = login(node, user.getKey(), user.getValue());
            assertThat(right.status()).as(user.getKey()).isEqualTo(200);
            assertThat(login(node, user.getKey(), "x" + user.getValue()).status())
                    .as(user.getKey())
                    .isEqualTo(401);
        }
        for (String name : duplicateNames) {
            for (ObjectId twin : idsOf(name)) {
                assertThat(login(nodes.get(0), name, passwordOf(twin)).status()).isEqualTo(401);
            }
        }
    }

    private long passwordsLeft() {
        return stores.users().countDocuments(Filters.exists("password"));
    }

    private void awaitEndOfPasswordMigration() {
        await().atMost(WAIT_TIMEOUT).until(() -> stores.meta().countDocuments(Filters.eq("passwords of users")) == 0);
    }

    private void assertNoPasswordIsLeft() {
        assertThat(passwordsLeft()).isZero();
        assertThat(stores.users().countDocuments(Filters.exists("passwordHash")))
                .isEqualTo(originals.size() + 1);
        for (Document document : stores.users().find()) {
            assertThat(document.getString("passwordHash")).matches("\\$(argon2id|2b)\\$.*");
        }
    }

    private void assertCustomFieldsAreIntact() {
        for (Document before : originals.values()) {
            Document after = stores.users().find(Filters.eq(before.get("_id"))).first();
            assertThat(after).isNotNull();
            BsonDocument now = after.toBsonDocument();
            before.toBsonDocument().forEach((name, value) -> {
                if (!Set.of("password", "lastLogin").contains(name)) {
                    assertThat(now.get(name)).as(name).isEqualTo(value);
                }
            });
        }
    }

    private String adminToken(Node node) {
        Response response = node.persistently(() -> login(node, ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.text("token");
    }

    /** Logs in from a new address each time, so that the rate limit of a single client does not apply. */
    private Response login(Node node, String name, String password) {
        int number = Math.floorMod(name.hashCode() * 31 + password.hashCode(), 1 << 24);
        String address = "10." + (number >> 16) + "." + (number >> 8 & 255) + "." + (number & 255);
        Response response = node.loginFrom(address, name, password);
        for (int attempt = 0; response.status() == 503 && attempt < 5; attempt++) {
            // On a busy machine, the service may be unable to check the password in time. Then the client retries.
            sleep(response.header("Retry-After"));
            response = node.loginFrom(address, name, password);
        }
        return response;
    }

    private static void sleep(String seconds) {
        try {
            TimeUnit.SECONDS.sleep(Long.parseLong(seconds));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private String passwordOf(ObjectId id) {
        return Objects.requireNonNull(passwordsById.get(id));
    }

    private List<ObjectId> idsOf(String name) {
        return originals.values().stream()
                .filter(document -> document.getString("username").equalsIgnoreCase(name))
                .map(document -> document.getObjectId("_id"))
                .toList();
    }

    private Document document(String name, String password, String stored, int number) {
        ObjectId id =
                new ObjectId(Date.from(Instant.parse("2020-01-01T00:00:00Z").plusSeconds(number)));
        passwordsById.put(id, password);
        return new Document("_id", id)
                .append("username", name)
                .append("password", stored)
                .append("lastLogin", Date.from(Instant.parse("2021-01-01T00:00:00Z")))
                .append("email", "u" + number + "@example.com")
                .append("int", number)
                .append("long", 1L << 40)
                .append("double", 0.1 * number)
                .append("decimal", Decimal128.parse("1.10"))
                .append("flag", true)
                .append("when", Date.from(Instant.parse("2020-02-03T04:05:06.789Z")))
                .append("ref", new ObjectId())
                .append("binary", new Binary(new byte[] {1, 2, 3}))
                .append("list", List.of(1, 2L, "three", new Document("four", 4.0)))
                .append("nested", new Document("a", new Document("b", List.of(new Document("c", 1)))))
                .append("pattern", Pattern.compile("a.*b"))
                .append("first-name", "\u00dcma");
    }

    private static String bcrypt(String password, int cost, Random random) {
        byte[] salt = new byte[16];
        random.nextBytes(salt);
        return OpenBSDBCrypt.generate("2b", password.getBytes(StandardCharsets.UTF_8), salt, cost);
    }
}
