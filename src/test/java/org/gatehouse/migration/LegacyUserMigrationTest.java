package org.gatehouse.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.config.Secret;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.password.CheapHasher;
import org.gatehouse.password.PasswordHasher;
import org.gatehouse.password.StoredPassword;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.user.Credential;
import org.gatehouse.user.MongoUserDao;
import org.gatehouse.user.NewUser;
import org.gatehouse.user.User;
import org.gatehouse.user.UserPages;
import org.gatehouse.user.UserStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("JavaUtilDate") // the driver requires java.util.Date
class LegacyUserMigrationTest {
    private static final String BCRYPT = OpenBSDBCrypt.generate("2b", "p2".toCharArray(), new byte[16], 4);

    private final Stores stores = new Stores();
    private final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private final PasswordHasher hasher = CheapHasher.create();
    private final MongoUserDao store = new MongoUserDao(mongo, "users", Clock.systemUTC());

    @BeforeEach
    void startWithoutIndexes() {
        stores.users().drop();
        stores.meta().drop();
    }

    @AfterAll
    void closeStores() {
        hasher.close();
        mongo.close();
        stores.close();
    }

    @Test
    void storesTheFoldedNameOfEachLegacyUser() {
        ObjectId brief = insert(new Document("username", "u1").append("password", "p1"));
        ObjectId mixed = insert(new Document("username", "Bob").append("password", BCRYPT));
        ObjectId spaced = insert(new Document("username", "Ann Lee \ud83d\ude00").append("password", "p3"));

        migrate();

        assertThat(idOf("U1")).hasValue(brief);
        assertThat(idOf("bob")).hasValue(mixed);
        assertThat(idOf("ann lee \ud83d\ude00")).hasValue(spaced);
        assertThat(find(brief).get("createdAt")).isEqualTo(brief.getDate());
        assertThat(passwordMatches("u1", "p1")).isTrue();
        assertThat(passwordMatches("bob", "p2")).isTrue();
        assertThat(passwordMatches("u1", "p2")).isFalse();
    }

    @Test
    void changesNothingIfItRunsAgain() {
        insert(new Document("username", "bob").append("password", "p1").append("roles", List.of("admin")));
        insert(new Document("username", "twin").append("password", "p1"));
        insert(new Document("username", "TWIN").append("password", "p1"));
        insert(new Document("username", 7).append("password", "p1"));
        migrate();
        List<Document> before = stores.users().find().into(new ArrayList<>());

        migrate();

        assertThat(stores.users().find().into(new ArrayList<>())).isEqualTo(before);
    }

    @Test
    void ignoresReservedFieldsThatLegacyClientsWrote() throws IOException {
        ObjectId planted = insert(new Document("username", "eve")
                .append("usernameKey", "root")
                .append("password", "p1")
                .append("passwordHash", "x")
                .append("version", 3)
                .append("status", "gold")
                .append("createdAt", "long ago")
                .append("sessionCutoff", "never")
                .append("_server", "planted")
                .append("emailVerified", true)
                .append("locale", 7)
                .append("roles", List.of("admin")));

        migrate();

        assertThat(idOf("root")).isEmpty();
        assertThat(idOf("eve")).hasValue(planted);
        assertThat(store.activeAdministrators(9)).isEmpty();
        User eve = store.find(userId(planted)).orElseThrow();
        assertThat(eve.roles()).containsExactly("user");
        assertThat(eve.status()).isEqualTo(UserStatus.ACTIVE);
        // The test compares JSON trees, because MongoDB determines the order in which it stores new fields.
        assertThat(Json.MAPPER.readTree(eve.fields().toString()))
                .isEqualTo(Json.MAPPER.readTree(
                        "{\"original_usernameKey\":\"root\",\"original_version\":3,\"original_roles\":[\"admin\"],"
                                + "\"original_status\":\"gold\",\"original_createdAt\":\"long ago\","
                                + "\"original_sessionCutoff\":\"never\",\"original__server\":\"planted\","
                                + "\"original_emailVerified\":true,\"original_locale\":7}"));
        assertThat(passwordMatches("eve", "p1")).isTrue();
    }

    @Test
    void renamesFieldsThatDifferFromReservedNamesOnlyInCase() {
        ObjectId planted = insert(new Document("username", "eve")
                .append("password", "p1")
                .append("Roles", List.of("admin"))
                .append("ROLES", "x")
                .append("Status", "gold")
                .append("original_Status", "older")
                .append("Password", "hidden")
                .append("password_hash", "hidden"));

        migrate();

        User eve = store.find(userId(planted)).orElseThrow();
        assertThat(eve.fields().properties().stream().map(Object::toString))
                .containsExactlyInAnyOrder(
                        "original_Roles=[\"admin\"]",
                        "original_ROLES=\"x\"",
                        "original_original_Status=\"gold\"",
                        "original_Status=\"older\"");
        assertThat(passwordMatches("eve", "p1")).isTrue();
    }

    @Test
    void failsIfMigratedUsersHaveLostTheirIndex() {
        insert(new Document("username", "u1").append("password", "p1"));
        migrate();
        List<Document> before = stores.users().find().into(new ArrayList<>());
        stores.users().drop();
        stores.users().insertMany(before); // restores the documents without the indexes

        assertThatThrownBy(this::migrate)
                .hasMessageContaining("has lost its unique index on usernameKey")
                .hasMessageContaining("{_id: \"index of users\"}");
        assertThat(stores.users().find().into(new ArrayList<>())).isEqualTo(before);

        stores.meta().deleteOne(Filters.eq("index of users"));
        migrate();
        assertThat(idOf("u1")).isPresent();
    }

    @Test
    void runsAgainAfterTheUsersWereDropped() {
        insert(new Document("username", "u1").append("password", "p1"));
        migrate();
        stores.users().drop();
        insert(new Document("username", "u2").append("password", "p2"));

        migrate();

        assertThat(idOf("u2")).isPresent();
    }

    @Test
    void keepsTheRolesOfMigratedUsersAtTheNextStart() {
        ObjectId bob = insert(new Document("username", "bob").append("password", "p1"));
        migrate();
        store.update(userId(bob), user -> user.with("bob", Set.of("admin"), user.status(), user.fields()));

        migrate();

        assertThat(store.activeAdministrators(9)).containsExactly(userId(bob));
    }

    @Test
    void keepsASharedNameUnusableUntilOnlyOneUserHasIt() {
        ObjectId one = insert(new Document("username", "Bob").append("password", "p1"));
        ObjectId two = insert(new Document("username", "bob").append("password", "p2"));
        ObjectId three = insert(new Document("username", "BOB").append("password", "p3"));
        migrate();

        assertThat(idOf("bob")).isEmpty();
        assertThatThrownBy(() -> store.insert(newUser("bob"))).isInstanceOf(GatehouseException.class);
        assertThatThrownBy(() -> rename(two, "boB")).isInstanceOf(GatehouseException.class);

        rename(one, "robert");
        assertThat(idOf("robert")).hasValue(one);
        assertThat(idOf("bob")).isEmpty();

        assertThat(store.delete(userId(three), user -> {})).isPresent();
        assertThat(idOf("bob")).hasValue(two);
        assertThat(passwordMatches("bob", "p2")).isTrue();
        assertThat(passwordMatches("robert", "p1")).isTrue();
    }

    @Test
    void doesNotAssignANameThatAnotherUserAlreadyHas() {
        insert(new Document("username", "bob").append("password", "p1"));
        migrate();
        ObjectId late = insert(new Document("username", "Bob").append("password", "p2"));

        migrate();

        assertThat(passwordMatches("bob", "p1")).isTrue();
        assertThat(store.find(userId(late))).isPresent();
        rename(late, "bobby");
        assertThat(passwordMatches("bobby", "p2")).isTrue();
    }

    @Test
    void assignsAFreedNameAtTheNextStartAfterACrash() {
        ObjectId one = insert(new Document("username", "Bob").append("password", "p1"));
        ObjectId two = insert(new Document("username", "bob").append("password", "p2"));
        migrate();
        stores.users()
                .updateOne(
                        Filters.eq(one),
                        Updates.combine(Updates.set("username", "robert"), Updates.set("usernameKey", "robert")));

        migrate();

        assertThat(idOf("bob")).hasValue(two);
    }

    @Test
    void continuesAfterACrashBeforeTheIndexWasCreated() {
        ObjectId one = insert(new Document("username", "Bob").append("password", "p1"));
        ObjectId two = insert(new Document("username", "bob").append("password", "p2"));
        ObjectId three = insert(new Document("username", "ann").append("password", "p3"));
        migrate();
        Document withReservedName = find(one);
        Document untouched = legacyDocument(three, "ann", "p3");
        startWithoutIndexes();
        stores.users().insertMany(List.of(withReservedName, legacyDocument(two, "bob", "p2"), untouched));

        migrate();

        assertThat(find(one)).isEqualTo(withReservedName);
        assertThat(idOf("bob")).isEmpty();
        assertThat(passwordMatches("ann", "p3")).isTrue();
        assertThat(stores.meta().countDocuments(Filters.eq("passwords of users")))
                .isEqualTo(1);
    }

    @Test
    void keepsDocumentsThatItCannotMigrateAndListsThoseWithAnObjectId() {
        for (Object name :
                new Object[] {"", " ", "a\nb", 7, new Document("$ne", 1), Pattern.compile(".*"), "x".repeat(500)}) {
            insert(new Document("username", name).append("password", "p1"));
        }
        insert(new Document("password", "p1"));
        stores.users()
                .insertOne(new Document("_id", "text").append("username", "tom").append("password", "p1"));
        stores.users()
                .insertOne(new Document("_id", 12).append("username", "tim").append("roles", List.of("admin")));
        insert(new Document("username", "zoe").append("password", "p1"));

        migrate();

        assertThat(stores.users().countDocuments()).isEqualTo(11);
        assertThat(passwordMatches("zoe", "p1")).isTrue();
        for (String sort : List.of("createdAt", "-createdAt", "username", "-username")) {
            List<User> users = UserPages.read(mongo, sort, 2);
            assertThat(users).hasSize(9);
            assertThat(users.stream().map(User::id)).doesNotHaveDuplicates();
        }
    }

    @Test
    void runsOnceIfManyNodesStartTogether() throws Exception {
        for (int i = 0; i < 700; i++) {
            insert(new Document("username", "user" + i % 600).append("password", "p" + i));
        }
        ExecutorService nodes = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> starts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                starts.add(nodes.submit(this::migrateWithTimeout));
            }
            for (Future<?> start : starts) {
                start.get();
            }
        } finally {
            nodes.shutdown();
        }

        assertThat(countKeysBetween("user", "uses")).isEqualTo(500);
        assertThat(countKeysBetween("\u0001user", "\u0001uses")).isEqualTo(200);
        assertThat(stores.users().countDocuments(Filters.eq("version", 1))).isEqualTo(700);
    }

    private long countKeysBetween(String first, String end) {
        return stores.users()
                .countDocuments(Filters.and(Filters.gte("usernameKey", first), Filters.lt("usernameKey", end)));
    }

    @Test
    void leavesNoPasswordFieldBehind() {
        ObjectId plain = insert(new Document("username", "plain").append("password", "p1"));
        ObjectId hashed = insert(new Document("username", "hashed").append("password", BCRYPT));
        for (Object unusable : new Object[] {
            12,
            1.5,
            "",
            "x".repeat(2_000),
            List.of("a"),
            new Document("$gt", ""),
            true,
            Pattern.compile("a.*"),
            new Date()
        }) {
            insert(new Document("username", "u" + new ObjectId()).append("password", unusable));
        }
        stores.users().insertOne(new Document("_id", "text").append("password", "p1"));
        insert(new Document("username", "nulled").append("password", null));
        insert(new Document("username", "none"));
        migrate();

        try (LegacyPasswordMigration passwordMigration = passwordMigration()) {
            passwordMigration.start();
            await().until(() -> stores.users().countDocuments(Filters.exists("password")) == 0);
            await().until(() -> stores.meta().countDocuments(Filters.eq("passwords of users")) == 0);
        }

        assertThat(find(plain).getString("passwordHash")).startsWith("$argon2id$");
        assertThat(find(hashed).getString("passwordHash")).isEqualTo(BCRYPT);
        assertThat(passwordMatches("plain", "p1")).isTrue();
        assertThat(passwordMatches("hashed", "p2")).isTrue();
    }

    @Test
    void keepsAPasswordThatChangesWhileTheOldPasswordIsHashed() {
        ObjectId bob = insert(new Document("username", "bob").append("password", "old"));
        migrate();
        AtomicInteger hashes = new AtomicInteger();
        PasswordHasher interrupted = CheapHasher.runningFirst(() -> {
            if (hashes.getAndIncrement() == 0) {
                stores.users().updateOne(Filters.eq(bob), Updates.set("password", "new"));
            }
        });
        try (interrupted;
                LegacyPasswordMigration passwordMigration = new LegacyPasswordMigration(mongo, "users", interrupted)) {
            passwordMigration.start();
            await().until(() -> stores.users().countDocuments(Filters.exists("password")) == 0);
        }

        assertThat(hashes).hasValue(2);
        assertThat(passwordMatches("bob", "new")).isTrue();
        assertThat(passwordMatches("bob", "old")).isFalse();
    }

    @Test
    void startsNoPasswordMigrationIfNoUserWasMigrated() {
        migrate();
        store.insert(newUser("alice"));
        migrate();

        assertThat(stores.meta().countDocuments(Filters.eq("passwords of users")))
                .isZero();
    }

    @Test
    void replacesAStoredPasswordOnlyIfThisPasswordIsUnchanged() {
        ObjectId bob = insert(new Document("username", "bob").append("password", "p1"));
        migrate();
        UserId id = userId(bob);
        StoredPassword plain = StoredPassword.ofLegacy("p1").orElseThrow();

        store.replacePassword(id, StoredPassword.ofLegacy("other").orElseThrow(), "new1");
        assertThat(find(bob).getString("password")).isEqualTo("p1");

        store.replacePassword(id, plain, "new2");
        assertThat(find(bob)).doesNotContainKey("password").containsEntry("passwordHash", "new2");

        store.replacePassword(id, plain, "new3");
        store.replacePassword(id, StoredPassword.hash("new1"), "new4");
        assertThat(find(bob)).containsEntry("passwordHash", "new2");

        store.replacePassword(id, StoredPassword.hash("new2"), "new5");
        assertThat(find(bob)).containsEntry("passwordHash", "new5").containsEntry("version", 1L);
    }

    private LegacyPasswordMigration passwordMigration() {
        return new LegacyPasswordMigration(mongo, "users", hasher);
    }

    private void migrate() {
        new LegacyUserMigration(mongo, "users", passwordMigration(), new AddressMigration(mongo, "users")).run();
    }

    /** Runs the migration, and retries if the store is too busy to respond. A starting node does the same. */
    private void migrateWithTimeout() {
        await().atMost(Duration.ofMinutes(1))
                .ignoreExceptionsInstanceOf(GatehouseException.class)
                .until(() -> {
                    migrate();
                    return true;
                });
    }

    @Test
    void severalNodesRecomputeTheCanonicalNamesThatAnOlderVersionStored() throws Exception {
        migrate();
        ObjectId mixed = insertWithKey(
                "\u039d\u0399\u039a\u039f\u03a3.\u03a0\u0391\u03a0\u0391\u03a3",
                "\u03bd\u03b9\u03ba\u03bf\u03c3.\u03c0\u03b1\u03c0\u03b1\u03c2");
        ObjectId usual = insertWithKey("\u03bd\u03af\u03ba\u03bf\u03c2", "\u03bd\u03af\u03ba\u03bf\u03c2");
        ObjectId cyrillic = insertWithKey("\u1c80\u1c81a", "\u1c80\u1c81a");
        ObjectId latin = insertWithKey("alice", "alice");
        // The typed name must find the user even before the migration, because nodes of the older version may still
        // run.
        assertThat(idOf("\u039d\u0399\u039a\u039f\u03a3.\u03a0\u0391\u03a0\u0391\u03a3"))
                .hasValue(mixed);
        assertThat(idOf("\u1c80\u1c81a")).hasValue(cyrillic);

        migrateOnManyNodes();

        assertThat(idOf("\u03bd\u03b9\u03ba\u03bf\u03c2.\u03c0\u03b1\u03c0\u03b1\u03c2"))
                .hasValue(mixed);
        assertThat(idOf("\u039d\u0399\u039a\u039f\u03a3.\u03a0\u0391\u03a0\u0391\u03a3"))
                .hasValue(mixed);
        assertThat(idOf("\u039d\u038a\u039a\u039f\u03a3")).hasValue(usual);
        assertThat(find(usual).getString("usernameKey")).isEqualTo("\u03bd\u03af\u03ba\u03bf\u03c2");
        assertThat(idOf("\u0432\u0434A")).hasValue(cyrillic);
        assertThat(idOf("ALICE")).hasValue(latin);
        assertThatThrownBy(() -> store.insert(newUser("\u03bd\u03b9\u03ba\u03bf\u03c3.\u03c0\u03b1\u03c0\u03b1\u03c3")))
                .isInstanceOf(GatehouseException.class);
    }

    @Test
    void keepsANewlySharedNameUnusableUntilOneUserIsRenamed() {
        migrate();
        String small = "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3";
        String usual = "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c2";
        ObjectId one = insertWithKey(usual, usual);
        ObjectId other = insertWithKey(small, small);

        migrate();
        migrate();

        for (String typed : List.of(small, usual, usual.toUpperCase(Locale.ROOT))) {
            assertThat(idOf(typed)).isEmpty();
            assertThatThrownBy(() -> store.insert(newUser(typed))).isInstanceOf(GatehouseException.class);
        }
        assertThat(stores.users().countDocuments()).isEqualTo(2);

        rename(one, "odysseus");

        assertThat(idOf("odysseus")).hasValue(one);
        assertThat(idOf(small)).hasValue(other);
        assertThat(idOf(usual)).hasValue(other);
    }

    @Test
    void findsUsersByTheirNamesWithAndWithoutSurroundingBlanks() {
        ObjectId blank = insert(new Document("username", " Carol ").append("password", "p1"));
        ObjectId plain = insert(new Document("username", "dave").append("password", "p2"));

        migrate();

        assertThat(idOf(" carol ")).hasValue(blank);
        assertThat(idOf("\u00a0DAVE\n")).hasValue(plain);
    }

    /** Inserts a user in the format of an earlier version, which folded usernames only to lower case. */
    private ObjectId insertWithKey(String name, String key) {
        ObjectId id = insert(new Document("username", name)
                .append("usernameKey", key)
                .append("version", 1L)
                .append("roles", List.of("user"))
                .append("status", "active"));
        assertThat(find(id).getString("usernameKey")).isEqualTo(key);
        return id;
    }

    private void migrateOnManyNodes() throws Exception {
        ExecutorService nodes = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> migrations = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                migrations.add(nodes.submit(this::migrate));
            }
            for (Future<?> migration : migrations) {
                migration.get();
            }
        } finally {
            nodes.shutdownNow();
        }
    }

    private ObjectId insert(Document document) {
        ObjectId id = new ObjectId(Date.from(Instant.parse("2020-01-01T00:00:00Z")));
        Document first = new Document("_id", id);
        first.putAll(document);
        stores.users().insertOne(first);
        return id;
    }

    private static Document legacyDocument(ObjectId id, String name, String password) {
        return new Document("_id", id).append("username", name).append("password", password);
    }

    private Document find(ObjectId id) {
        return Optional.ofNullable(stores.users().find(Filters.eq(id)).first()).orElseThrow();
    }

    private Optional<ObjectId> idOf(String name) {
        return credential(name).map(found -> new ObjectId(found.user().id().hex()));
    }

    private boolean passwordMatches(String name, String password) {
        return hasher.matches(
                password, credential(name).map(Credential::password).orElse(null));
    }

    private Optional<Credential> credential(String name) {
        return store.findCredential(name);
    }

    private void rename(ObjectId id, String name) {
        store.update(userId(id), user -> user.with(name, user.roles(), user.status(), user.fields()));
    }

    private static UserId userId(ObjectId id) {
        return new UserId(id.toHexString());
    }

    private static NewUser newUser(String name) {
        ObjectNode none = Json.MAPPER.createObjectNode();
        return new NewUser(Username.parse(name).orElseThrow(), "$argon2id$x", Set.of("user"), UserStatus.ACTIVE, none);
    }
}
