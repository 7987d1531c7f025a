package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.UserId;
import org.gatehouse.identity.Username;
import org.gatehouse.json.Json;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.migration.UsernameIndexes;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The contract of {@link UserDao}. Each implementation runs all of these tests. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class UserDaoContract {
    private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123Z");
    private static final UserId UNKNOWN_ID = new UserId("000000000000000000000000");

    final Stores stores = new Stores();
    final MongoConnection mongo = new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());
    private final MongoUserDao store = new MongoUserDao(mongo, "users", Clock.fixed(NOW, ZoneOffset.UTC));
    private final MongoUserLists lists = new MongoUserLists(mongo, "users", new MongoUserSearch(Set.of()));
    private UserDao users = store;

    /** Returns the DAO under test. This DAO may decorate the given DAO. */
    abstract UserDao decorate(MongoUserDao stored);

    @BeforeAll
    void decorateStore() {
        users = decorate(store);
    }

    final UserDao users() {
        return users;
    }

    @BeforeEach
    void startEmpty() {
        stores.users().deleteMany(new Document());
        for (int start = 0; start < 2; start++) { // a node creates the indexes at each start
            assertThat(UsernameIndexes.create(mongo, "users")).isTrue();
            lists.createIndexes();
        }
    }

    @AfterAll
    void closeStores() {
        mongo.close();
        stores.close();
    }

    @Test
    void findsAnInsertedUser() {
        User inserted = users.insert(newUser(
                "Alice",
                "{\"email\":\"a@e.x\",\"n\":[1,1.0,1e10,0.0,-2.50,1.5E-7,12345678901234567890.5,{\"x\":null}]}"));

        assertThat(inserted.version()).isEqualTo(1);
        assertThat(inserted.createdAt()).isEqualTo(NOW);
        assertThat(inserted.username()).isEqualTo("Alice");
        assertThat(inserted.lastLogin()).isNull();
        assertSame(users.find(inserted.id()), inserted);
        assertSame(users.find(inserted.id()), inserted);
    }

    @Test
    void findsNoUserForAnUnknownId() {
        assertThat(users.find(UNKNOWN_ID)).isEmpty();
        assertThat(users.update(UNKNOWN_ID, user -> user)).isEmpty();
        assertThat(users.delete(UNKNOWN_ID, user -> {})).isEmpty();
    }

    @Test
    void rejectsATakenUsername() {
        users.insert(newUser("alice", "{}"));
        User other = users.insert(newUser("other", "{}"));

        assertTaken(() -> users.insert(newUser("ALICE", "{}")));
        assertTaken(
                () -> users.update(other.id(), user -> user.with("Alice", user.roles(), user.status(), user.fields())));
        assertThat(users.find(other.id()).map(User::username)).hasValue("other");
    }

    @Test
    void insertsOnlyUsersWhoseNameAndIdAreFree() {
        User present = users.insert(newUser("alice", "{}"));
        NewUser fresh = newUser("bob", "{\"n\":1}");
        NewUser sameName = newUser("ALICE", "{}");
        NewUser sameId = new NewUser(
                present.id(),
                Username.parse("carol").orElseThrow(),
                null,
                Set.of("user"),
                UserStatus.ACTIVE,
                json("{}"),
                NewUser.Imported.NONE,
                List.of());
        assertThat(users.find(fresh.id())).isEmpty(); // this read caches the absence of the user

        assertThat(users.insertAll(List.of(sameName, fresh, sameId)))
                .containsExactlyInAnyOrder(sameName.id(), sameId.id());

        assertThat(users.find(fresh.id()).map(User::username)).hasValue("bob");
        assertThat(users.find(present.id()).map(User::username)).hasValue("alice");
        assertThat(users.find(sameName.id())).isEmpty();
    }

    @Test
    void findsTheChangedUserAfterAnUpdate() {
        User user = users.insert(newUser("alice", "{\"keep\":1,\"drop\":2,\"change\":3}"));
        users.find(user.id());

        Optional<User> changed = users.update(
                user.id(),
                current -> current.with(
                        "Alice2", Set.of("admin"), UserStatus.DISABLED, json("{\"keep\":1,\"change\":4,\"add\":5}")));

        assertThat(changed.map(User::version)).hasValue(2L);
        Optional<User> found = users.find(user.id());
        assertThat(found.map(User::version)).hasValue(2L);
        assertThat(found.map(User::username)).hasValue("Alice2");
        assertThat(found.map(User::roles)).hasValue(Set.of("admin"));
        assertThat(found.map(User::status)).hasValue(UserStatus.DISABLED);
        assertThat(found.map(current -> current.fields().toString())).hasValue("{\"keep\":1,\"change\":4,\"add\":5}");
    }

    @Test
    void keepsTheVersionIfAnUpdateChangesNothing() {
        User user = users.insert(newUser("alice", "{\"n\":1}"));

        Optional<User> same = users.update(
                user.id(), current -> current.with("alice", current.roles(), current.status(), json("{\"n\":1.00}")));

        assertThat(same.map(User::version)).hasValue(1L);
    }

    @Test
    void keepsTheVersionIfTheEditThrows() {
        User user = users.insert(newUser("alice", "{}"));

        assertThatThrownBy(() -> users.update(user.id(), current -> {
                    throw new GatehouseException(ErrorCode.VERSION_MISMATCH);
                }))
                .isInstanceOf(GatehouseException.class);

        assertThat(users.find(user.id()).map(User::version)).hasValue(1L);
    }

    @Test
    void repeatsTheEditAfterAConcurrentWrite() {
        User user = users.insert(newUser("alice", "{}"));
        AtomicInteger runs = new AtomicInteger();

        Optional<User> changed = users.update(user.id(), current -> {
            if (runs.getAndIncrement() == 0) {
                users.update(user.id(), other -> with(other, "{\"theirs\":1}"));
            }
            ObjectNode fields = current.fields().deepCopy().put("ours", 1);
            return current.with(current.username(), current.roles(), current.status(), fields);
        });

        assertThat(runs).hasValue(2);
        assertThat(changed.map(User::version)).hasValue(3L);
        assertThat(changed.map(current -> current.fields().toString())).hasValue("{\"theirs\":1,\"ours\":1}");
    }

    @Test
    void doesNotFindADeletedUser() {
        User user = users.insert(newUser("alice", "{}"));
        users.find(user.id());

        assertThat(users.delete(user.id(), found -> {}).map(User::id)).hasValue(user.id());

        assertThat(users.find(user.id())).isEmpty();
        assertThat(users.delete(user.id(), found -> {})).isEmpty();
    }

    @Test
    void keepsTheUserIfTheCheckBeforeTheDeletionThrows() {
        User user = users.insert(newUser("alice", "{}"));

        assertThatThrownBy(() -> users.delete(user.id(), found -> {
                    throw new GatehouseException(ErrorCode.VERSION_MISMATCH);
                }))
                .isInstanceOf(GatehouseException.class);

        assertThat(users.find(user.id())).isPresent();
    }

    @Test
    void repeatsTheCheckOfADeletionAfterAConcurrentWrite() {
        User user = users.insert(newUser("alice", "{}"));
        List<Long> checked = new ArrayList<>();

        Optional<User> deleted = users.delete(user.id(), found -> {
            checked.add(found.version());
            if (checked.size() == 1) {
                users.update(user.id(), other -> with(other, "{\"theirs\":1}"));
            }
        });

        assertThat(checked).containsExactly(1L, 2L);
        assertThat(deleted.map(User::version)).hasValue(2L);
        assertThat(users.find(user.id())).isEmpty();
    }

    @Test
    void continuesAListBetweenUsersWithEqualTimes() {
        // All users have the same createdAt, so only the ids distinguish them.
        for (int i = 0; i < 7; i++) {
            users.insert(newUser("user-" + i, "{}"));
        }
        for (String sort : List.of("createdAt", "-createdAt", "username", "-username")) {
            UserQuery.Sort order = UserQuery.Sort.parse(sort).orElseThrow();
            List<ListedUser> all = lists.list(new UserQuery(100, order, UserFilter.ALL, null));
            UserQuery query = new UserQuery(3, order, UserFilter.ALL, null);
            List<ListedUser> first = lists.list(query);
            UserQuery.Position position = query.position(first.get(2));
            assertThat(UserQuery.Position.parse(position.cursor())).hasValue(position);
            List<ListedUser> rest = lists.list(new UserQuery(100, order, UserFilter.ALL, position));

            assertThat(all).hasSize(7);
            assertThat(first).isEqualTo(all.subList(0, 3));
            assertThat(rest).isEqualTo(all.subList(3, 7));
        }
    }

    @Test
    @SuppressWarnings("JavaUtilDate") // the driver requires java.util.Date
    void ignoresTheRolesOfALegacyDocument() {
        ObjectId id = new ObjectId("5f0000000000000000000001");
        stores.users()
                .insertOne(new Document("_id", id)
                        .append("username", "u1")
                        .append("password", "p1")
                        .append("roles", List.of("admin"))
                        .append("status", "active")
                        .append("lastLogin", Date.from(NOW))
                        .append("first-name", "Uma")
                        .append("since", Date.from(NOW))
                        .append("n", 7));

        User user = users.find(new UserId(id.toHexString())).orElseThrow();

        assertThat(user.version()).isZero();
        assertThat(store.activeAdministrators(9)).isEmpty();
        assertThat(user.roles()).containsExactly("user");
        assertThat(user.lastLogin()).isEqualTo(NOW);
        assertThat(user.fields().toString())
                .isEqualTo("{\"first-name\":\"Uma\",\"since\":\"2026-11-23T10:00:00.123Z\",\"n\":7}");

        User changed = users.update(
                        user.id(),
                        current -> with(
                                current,
                                "{\"n\":7,\"first-name\":\"Uma\",\"since\":\"2026-11-23T10:00:00.123Z\",\"new\":1}"))
                .orElseThrow();
        assertThat(changed.version()).isEqualTo(1);
        assertThat(changed.roles()).containsExactly("user");
        assertThat(store.activeAdministrators(9)).isEmpty();
        Document stored = stores.users().find(new Document("_id", id)).first();
        assertThat(stored).isNotNull();
        assertThat(stored.get("since")).isEqualTo(Date.from(NOW));
        assertThat(stored.getString("password")).isEqualTo("p1");
    }

    private static User with(User user, String fields) {
        return user.with(user.username(), user.roles(), user.status(), json(fields));
    }

    private static NewUser newUser(String name, String fields) {
        return new NewUser(
                Username.parse(name).orElseThrow(), "$argon2id$x", Set.of("user"), UserStatus.ACTIVE, json(fields));
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) Json.MAPPER.readTree(text);
        } catch (IOException malformed) {
            throw new AssertionError(malformed);
        }
    }

    private static void assertSame(Optional<User> found, User expected) {
        assertThat(found.map(UserJson::write).map(Object::toString))
                .hasValue(UserJson.write(expected).toString());
    }

    private static void assertTaken(Runnable write) {
        assertThatThrownBy(write::run)
                .isInstanceOfSatisfying(
                        GatehouseException.class,
                        rejected -> assertThat(rejected.code()).isEqualTo(ErrorCode.USERNAME_TAKEN));
    }
}
