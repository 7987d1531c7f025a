package org.gatehouse.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import com.mongodb.client.result.UpdateResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bson.BsonDocument;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.config.SettingSources;
import org.gatehouse.config.Settings;
import org.gatehouse.store.FormatFolder;
import org.gatehouse.store.FormatScene;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests three kinds of starts: several nodes at once, a node beside a serving node, and a node beside a blocked node.
 */
@Tag("also-full")
class ManyNodesStartTest {
    private static final int NODES = 6;

    /**
     * The test starts and blocks one node for every third MongoDB command of a start. The long form does so for every
     * command.
     */
    private static final int STRIDE = Boolean.getBoolean("gatehouse.long") ? 1 : 3;

    /** The name of the legacy user that the test changes while a start is blocked. */
    private static final String CHANGED_USERNAME = "Mixed";

    private final Stores stores = new Stores();
    private final List<Node> nodes = new ArrayList<>();
    private MongoClient client;

    @BeforeEach
    void connect() {
        client = MongoClients.create(stores.mongoUri());
    }

    @AfterEach
    void stop() {
        nodes.forEach(Node::close);
        client.close();
        stores.close();
    }

    @Test
    void nodesThatStartTogetherPrepareTheStoresOnce() throws Exception {
        startTogether(NODES, () -> Node.start(stores, Map.of("SEARCH_FIELDS", "customer,team")));

        assertThat(stores.users().countDocuments()).isEqualTo(1);
        assertPrepared(client.getDatabase(stores.database()), "users customer", "users team");
        Document created = new Document("type", "USER_CREATED");
        assertThat(stores.collection("audit").countDocuments(created)).isEqualTo(1);
        for (int i = 0; i < NODES; i++) {
            String token = nodes.get(i).adminToken();
            assertThat(nodes.get((i + 1) % NODES).get("/user/me", token).status())
                    .isEqualTo(200);
        }

        List<BsonDocument> users = FormatFolder.documents(stores).get("users");
        List<BsonDocument> keys = FormatFolder.documents(stores).get("signingKeys");
        startTogether(2, () -> Node.start(stores));

        assertThat(FormatFolder.documents(stores).get("users")).isEqualTo(users);
        assertThat(FormatFolder.documents(stores).get("signingKeys")).isEqualTo(keys);
    }

    @Test
    void startingNodesDoNotDisturbAServingNode() throws Exception {
        FormatFolder format = FormatFolder.latest();
        format.load(stores);
        SettableClock clock = format.clock();
        Node serving = FormatScene.node(stores, clock);
        nodes.add(serving);
        String admin = format.callers().path("admin").asText();
        String alice = "/user/" + format.callers().path("aliceId").asText();
        long version = serving.get(alice, admin).json().path("version").asLong();
        Map<String, List<BsonDocument>> before = FormatFolder.documents(stores);

        AtomicBoolean started = new AtomicBoolean();
        AtomicInteger changes = new AtomicInteger();
        ExecutorService caller = Executors.newSingleThreadExecutor();
        try {
            Future<?> changing = caller.submit(() -> {
                while (!started.get() || changes.get() < 20) {
                    Response changed = serving.patch(alice, admin, "{\"age\":" + (1_000 + changes.get()) + "}");
                    assertThat(changed.status()).as(changed.body()).isEqualTo(200);
                    changes.incrementAndGet();
                }
            });
            await().until(() -> changes.get() > 0 || changing.isDone());
            // The test inserts only one legacy user, because the unique index permits only one user without
            // usernameKey.
            stores.users().insertOne(legacyUser("u1", "p1"));
            try {
                startTogether(NODES - 1, () -> FormatScene.node(stores, clock));
            } finally {
                started.set(true);
            }
            changing.get();
        } finally {
            caller.shutdownNow();
        }

        for (Node node : nodes) {
            assertThat(node.get(alice, admin).json().path("version").asLong()).isEqualTo(version + changes.get());
            assertThat(node.get(alice, admin).json().path("age").asInt()).isEqualTo(999 + changes.get());
            assertThat(node.login("u1", "p1").status()).isEqualTo(200);
        }
        Document migrated = stores.users().find(Filters.eq("username", "u1")).first();
        assertThat(migrated).isNotNull().containsEntry("usernameKey", "u1").containsEntry("version", 1L);
        Map<String, List<BsonDocument>> after = FormatFolder.documents(stores);
        assertThat(after.get("signingKeys")).isEqualTo(before.get("signingKeys"));
        assertThat(after.get("idempotencyKeys")).isEqualTo(before.get("idempotencyKeys"));
        assertThat(after.get("sessions")).containsAll(before.getOrDefault("sessions", List.of()));
        assertThat(after.get("audit")).containsAll(before.getOrDefault("audit", List.of()));
        List<BsonDocument> others = new ArrayList<>(before.getOrDefault("users", List.of()));
        others.removeIf(user -> user.getString("usernameKey").getValue().equals("alice"));
        assertThat(after.get("users")).containsAll(others);
    }

    /** When the blocked node continues, it behaves like a slow node or a node whose clock is behind other clocks. */
    @Test
    void aNodeThatIsBlockedDuringItsStartDoesNotBlockOtherNodes() throws Exception {
        int command = 0;
        while (isReached(command, client.getDatabase(stores.database() + "-" + command))) {
            command += STRIDE;
        }
        assertThat(command).as("number of commands that a start sends").isGreaterThan(20);
    }

    /**
     * Blocks a starting node before its MongoDB command with the given index, and starts a second node meanwhile.
     * Returns false if the first node sends too few commands to reach this index.
     */
    private boolean isReached(int command, MongoDatabase database) throws InterruptedException {
        insertLegacyUsers(database.getCollection("users"));
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        AtomicInteger commands = new AtomicInteger();
        Gatehouse first = gatehouse(database, sent -> {
            if (Thread.currentThread().getName().equals("gatehouse-startup") && commands.getAndIncrement() == command) {
                reached.countDown();
                awaitUninterrupted(released);
            }
        });
        Gatehouse second = gatehouse(database, unobserved -> {});
        Thread starting = new Thread(first::start, "blocked-start");
        try {
            starting.start();
            await().until(() -> reached.getCount() == 0 || first.startup.isReady());

            second.start();

            await("beside a node that is blocked at command " + command)
                    .atMost(Duration.ofSeconds(30))
                    .until(second.startup::isReady);
            assertPrepared(database);
            assertMigrated(database, 1, List.of("user"));
            change(database.getCollection("users"));
            released.countDown();
            await().atMost(Duration.ofSeconds(30)).until(first.startup::isReady);
            assertPrepared(database);
            assertMigrated(database, 2, List.of("user", "editor"));
            return reached.getCount() == 0;
        } finally {
            released.countDown();
            starting.join();
            first.close();
            second.close();
            database.drop();
        }
    }

    private Gatehouse gatehouse(MongoDatabase database, Consumer<BsonDocument> observer) {
        Map<String, String> settings = ServiceClient.settings(stores, Map.of("DB_NAME", database.getName()));
        return new Gatehouse(
                Settings.read(SettingSources.of(settings), Node.NO_RULES),
                Node.parts(settings, observer),
                created -> {});
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            if (!latch.await(1, TimeUnit.MINUTES)) {
                throw new AssertionError("blocked for too long");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void insertLegacyUsers(MongoCollection<Document> users) {
        users.insertMany(List.of(
                legacyUser("u1", "p1"),
                legacyUser(CHANGED_USERNAME, "p2"),
                legacyUser("double", "p3"),
                legacyUser("DOUBLE", "p4"),
                legacyUser("eve", "p5").append("roles", List.of("admin")).append("_server", "planted")));
    }

    private static Document legacyUser(String name, String password) {
        return new Document("_id", new ObjectId())
                .append("username", name)
                .append("password", password)
                .append("email", name + "@example.com");
    }

    /** Changes a user in the same way as a node that serves requests. */
    private static void change(MongoCollection<Document> users) {
        UpdateResult changed = users.updateOne(
                Filters.eq("username", CHANGED_USERNAME),
                Updates.combine(Updates.set("roles", List.of("user", "editor")), Updates.set("version", 2L)));
        assertThat(changed.getModifiedCount()).isEqualTo(1);
    }

    /**
     * Checks that each legacy user was migrated exactly once, and that duplicate usernames are reserved. Only the user
     * {@link #CHANGED_USERNAME} may have changed data.
     *
     * @param version the expected version of the user {@link #CHANGED_USERNAME}
     * @param roles the expected roles of that user
     */
    private static void assertMigrated(MongoDatabase database, long version, List<String> roles) {
        MongoCollection<Document> users = database.getCollection("users");
        await().until(() -> users.countDocuments(Filters.exists("password")) == 0
                && database.getCollection("meta").countDocuments(Filters.eq("passwords of users")) == 0
                && users.countDocuments(Filters.exists("_server.address")) >= 5);
        List<Document> legacyUsers = users.find(
                        Filters.in("username", "u1", CHANGED_USERNAME, "double", "DOUBLE", "eve"))
                .into(new ArrayList<>());
        assertThat(legacyUsers).hasSize(5).allSatisfy(user -> {
            boolean changed = CHANGED_USERNAME.equals(user.get("username"));
            assertThat(user.get("version")).isEqualTo(changed ? version : 1L);
            assertThat(user.get("roles")).isEqualTo(changed ? roles : List.of("user"));
            assertThat(user.get("email")).isEqualTo(user.get("username") + "@example.com");
            assertThat("" + user.get("passwordHash")).startsWith("$argon2id$");
            assertThat(user.get("_server"))
                    .isEqualTo(new Document("address", ("" + user.get("email")).toLowerCase(Locale.ROOT)));
        });
        assertThat(legacyUsers)
                .extracting(user -> ("" + user.get("usernameKey")).replaceFirst("\u0001[0-9a-f]{24}$", ""))
                .containsExactlyInAnyOrder("u1", "mixed", "\u0001double", "\u0001double", "eve");
    }

    private static void assertPrepared(MongoDatabase database, String... searchIndexes) {
        assertThat(database.getCollection("users").countDocuments(Filters.eq("roles", "admin")))
                .isEqualTo(1);
        assertThat(database.getCollection("signingKeys").countDocuments()).isEqualTo(1);
        Set<String> indexes = new TreeSet<>();
        for (String name : List.of("users", "sessions", "signingKeys", "audit", "idempotencyKeys", "challenges")) {
            database.getCollection(name)
                    .listIndexes()
                    .forEach(index -> indexes.add(name + " "
                            + String.join(",", index.get("key", Document.class).keySet())
                            + (index.getBoolean("unique", false) ? " unique" : "")
                            + (index.containsKey("expireAfterSeconds") ? " expires" : "")));
        }
        assertThat(indexes)
                .containsAll(List.of(searchIndexes))
                .contains(
                        "users usernameKey unique",
                        "users _server.credentialIds unique",
                        "sessions familyHash unique",
                        "sessions userId,createdAt,_id",
                        "sessions expiresAt expires",
                        "signingKeys round unique",
                        "audit at,_id",
                        "audit users,at,_id",
                        "audit type,at,_id",
                        "audit expiresAt expires",
                        "idempotencyKeys expiresAt expires",
                        "challenges expiresAt expires")
                .filteredOn(index -> index.startsWith("users "))
                .hasSize(13 + searchIndexes.length);
    }

    private void startTogether(int count, Supplier<Node> start) throws Exception {
        CyclicBarrier together = new CyclicBarrier(count);
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Future<Node>> starts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                starts.add(threads.submit(() -> {
                    together.await();
                    return start.get();
                }));
            }
            for (Future<Node> starting : starts) {
                Node node = starting.get();
                nodes.add(node);
                // The embedded server sometimes fails if several nodes prepare it at once. The node then tries again.
                await().until(() -> node.send("GET", "/health/ready", "").status() == 200);
            }
        } finally {
            threads.shutdown();
        }
    }
}
