package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests the calls for a single user over HTTP. The subject of each test name is the user. */
class UserResourceTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String UNKNOWN_ID = "000000000000000000000000";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    @BeforeAll
    static void login() {
        admin = gatehouse.adminToken();
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void isCreatedWithCustomFieldsOfAnyShape() {
        String customFields =
                "{\"email\":\"n@e.x\",\"tags\":[1,2.5,true,null,\"x\"],\"a\":{\"b\":{\"c\":12345678901234567890123}}}";
        String body = customFields.replaceFirst("\\{", "{\"username\":\"Maria\",\"password\":\"" + PASSWORD + "\",");

        Response response = gatehouse.post("/user", admin, body);

        assertThat(response.status()).isEqualTo(201);
        assertThat(response.text("username")).isEqualTo("Maria");
        assertThat(response.text("status")).isEqualTo("active");
        assertThat(response.json().path("roles").toString()).isEqualTo("[\"user\"]");
        assertThat(response.json().path("version").asInt()).isEqualTo(1);
        assertThat(response.text("createdAt")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(response.header("ETag")).isEqualTo("\"1\"");
        Response read = gatehouse.send("GET", response.location(), "", "auth", admin);
        assertThat(read.json()).isEqualTo(response.json());
        assertThat(read.body()).contains(customFields.substring(1, customFields.length() - 1));
        assertThat(read.body()).doesNotContainIgnoringCase("password").doesNotContain("argon2");
    }

    @Test
    void hasAUsernameThatIsUniqueInItsFoldedForm() {
        gatehouse.create(admin, "Stra\u00dfe", PASSWORD);

        Response response =
                gatehouse.post("/user", admin, "{\"username\":\"STRA\u00dfE\",\"password\":\"" + PASSWORD + "\"}");

        assertThat(response.status()).isEqualTo(409);
        assertThat(response.text("code")).isEqualTo("USERNAME_TAKEN");
    }

    @Test
    void isCreatedOnceByConcurrentRequests() throws Exception {
        String body = "{\"username\":\"wanted\",\"password\":\"" + PASSWORD + "\"}";

        List<Integer> statuses = inParallel(
                8,
                () -> gatehouse
                        .patiently(() -> gatehouse.post("/user", admin, body))
                        .status());

        assertThat(statuses).containsOnlyOnce(201).containsOnly(201, 409);
    }

    @Test
    void seesAndChangesOnlyItself() {
        String id = create();
        String other = create();
        String own = gatehouse.token(nameOf(id), PASSWORD);

        assertThat(gatehouse.get("/user/" + id, own).text("_id")).isEqualTo(id);
        assertThat(gatehouse.get("/user/" + id.toUpperCase(Locale.ROOT), own).status())
                .isEqualTo(200);
        assertThat(gatehouse.get("/user/me", own).text("_id")).isEqualTo(id);
        assertThat(gatehouse.patch("/user/me", own, "{\"email\":\"me@e.x\"}").text("email"))
                .isEqualTo("me@e.x");
        for (Response rejected : List.of(
                gatehouse.get("/user/" + other, own),
                gatehouse.get("/user/" + UNKNOWN_ID, own),
                gatehouse.patch("/user/" + other, own, "{\"email\":\"x\"}"),
                gatehouse.delete("/user/" + other, own),
                gatehouse.get("/user", own),
                gatehouse.post("/user", own, "{\"username\":\"sneaky\",\"password\":\"" + PASSWORD + "\"}"),
                gatehouse.patch("/user/" + id, own, "{\"roles\":[\"admin\"]}"),
                gatehouse.patch("/user/" + id, own, "{\"roles\":null}"),
                gatehouse.patch("/user/" + id, own, "{\"status\":\"active\"}"))) {
            assertThat(rejected.status()).as(rejected.body()).isEqualTo(403);
            assertThat(rejected.text("code")).isEqualTo("FORBIDDEN");
        }
        assertThat(gatehouse.get("/user/" + id, admin).json().path("version").asInt())
                .isEqualTo(2);
        assertThat(gatehouse.get("/user/" + other, admin).json().path("version").asInt())
                .isEqualTo(1);
    }

    @Test
    void isReportedAsNotFoundWithTheLegacyMessage() {
        for (Response response : List.of(
                gatehouse.get("/user/" + UNKNOWN_ID, admin),
                gatehouse.get("/user/zzz", admin),
                gatehouse.get("/user/" + UNKNOWN_ID + "0", admin),
                gatehouse.get("/user/%24ne", admin),
                gatehouse.patch("/user/" + UNKNOWN_ID, admin, "{\"a\":1}"),
                gatehouse.delete("/user/" + UNKNOWN_ID, admin),
                gatehouse.delete("/user/zzz", admin))) {
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text("message")).isEqualTo("Data not found.");
            assertThat(response.text("code")).isEqualTo("USER_NOT_FOUND");
        }
    }

    @Test
    void isChangedByAMergePatch() {
        String id = create();
        gatehouse.patch("/user/" + id, admin, "{\"address\":{\"street\":\"Main\",\"zip\":\"1\"},\"email\":\"a@e.x\"}");

        Response response =
                gatehouse.patch("/user/" + id, admin, "{\"address\":{\"zip\":null,\"no\":2},\"email\":null}");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.json().path("address").toString()).isEqualTo("{\"street\":\"Main\",\"no\":2}");
        assertThat(response.json().has("email")).isFalse();
        assertThat(response.json().path("version").asInt()).isEqualTo(3);
        assertThat(gatehouse.get("/user/" + id, admin).json()).isEqualTo(response.json());
    }

    @Test
    void isChangedByAPatchWithContentTypeApplicationJson() {
        String id = create();

        Response response = gatehouse.send(
                "PATCH", "/user/" + id, "{\"email\":\"b@e.x\"}", "auth", admin, "Content-Type", "application/json");

        assertThat(response.text("email")).isEqualTo("b@e.x");
    }

    @Test
    void isNotChangedByAPatchWithEqualValues() {
        String id = create();
        gatehouse.patch("/user/" + id, admin, "{\"n\":1,\"o\":{\"d\":1.50}}");

        Response response = gatehouse.patch("/user/" + id, admin, "{\"n\":1.0,\"o\":{\"d\":1.5},\"absent\":null}");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.json().path("version").asInt()).isEqualTo(2);
    }

    @Test
    void canBeRenamedButNotToATakenName() {
        String id = create();
        String other = create();

        assertThat(gatehouse
                        .patch("/user/" + id, admin, "{\"username\":\"Renamed\"}")
                        .text("username"))
                .isEqualTo("Renamed");
        assertThat(gatehouse.login("renamed", PASSWORD).status()).isEqualTo(200);
        Response taken = gatehouse.patch("/user/" + other, admin, "{\"username\":\"RENAMED\"}");
        assertThat(taken.status()).isEqualTo(409);
        assertThat(taken.text("code")).isEqualTo("USERNAME_TAKEN");
    }

    @Test
    void isNotSentAgainIfItsVersionIsUnchanged() {
        String id = create();
        String tag = gatehouse.get("/user/" + id, admin).header("ETag");

        Response unchanged = gatehouse.send("GET", "/user/" + id, "", "auth", admin, "If-None-Match", tag);
        assertThat(unchanged.status()).isEqualTo(304);
        assertThat(unchanged.body()).isEmpty();

        gatehouse.patch("/user/" + id, admin, "{\"email\":\"c@e.x\"}");
        Response changed = gatehouse.send("GET", "/user/" + id, "", "auth", admin, "If-None-Match", tag);
        assertThat(changed.status()).isEqualTo(200);
        assertThat(changed.text("email")).isEqualTo("c@e.x");
    }

    @Test
    void isChangedOnlyIfItsVersionMatchesTheCondition() {
        String id = create();

        Response first = gatehouse.patch("/user/" + id, admin, "{\"a\":1}", "If-Match", "\"1\"");
        Response second = gatehouse.patch("/user/" + id, admin, "{\"a\":2}", "If-Match", "\"1\"");

        assertThat(first.status()).isEqualTo(200);
        assertThat(second.status()).isEqualTo(412);
        assertThat(second.text("code")).isEqualTo("VERSION_MISMATCH");
        assertThat(gatehouse.get("/user/" + id, admin).json().path("a").asInt()).isEqualTo(1);
        assertThat(gatehouse
                        .patch("/user/" + id, admin, "{\"a\":3}", "If-Match", "*")
                        .status())
                .isEqualTo(200);
    }

    @Test
    void isDeletedOnlyIfItsVersionMatchesTheCondition() {
        String id = create();

        Response rejected = gatehouse.send("DELETE", "/user/" + id, "", "auth", admin, "If-Match", "\"9\"");

        assertThat(rejected.status()).isEqualTo(412);
        assertThat(rejected.text("code")).isEqualTo("VERSION_MISMATCH");
        assertThat(gatehouse
                        .send("DELETE", "/user/" + id, "", "auth", admin, "If-Match", "\"1\"")
                        .status())
                .isEqualTo(204);
    }

    @Test
    void losesNoneOfManyConcurrentChanges() throws Exception {
        String id = create();
        AtomicInteger field = new AtomicInteger();

        List<Integer> statuses = inParallel(
                40,
                () -> gatehouse
                        .patch("/user/" + id, admin, "{\"f" + field.incrementAndGet() + "\":1}")
                        .status());

        assertThat(statuses).containsOnly(200);
        JsonNode user = gatehouse.get("/user/" + id, admin).json();
        assertThat(user.path("version").asInt()).isEqualTo(41);
        for (int i = 1; i <= 40; i++) {
            assertThat(user.has("f" + i)).as("f" + i).isTrue();
        }
    }

    @Test
    void isNotFoundAfterItsDeletion() {
        String id = create();
        gatehouse.get("/user/" + id, admin);

        Response response = gatehouse.delete("/user/" + id, admin);

        assertThat(response.status()).isEqualTo(204);
        assertThat(response.body()).isEmpty();
        assertThat(gatehouse.get("/user/" + id, admin).status()).isEqualTo(404);
        assertThat(stores.users().countDocuments(new Document("_id", new ObjectId(id))))
                .isZero();
    }

    @Test
    void cannotBeRemovedAsTheLastActiveAdministrator() {
        String root = gatehouse.get("/user/me", admin).text("_id");
        Response before = gatehouse.get("/user/me", admin);

        for (Response response : List.of(
                gatehouse.patch("/user/" + root, admin, "{\"roles\":[\"user\"]}"),
                gatehouse.patch("/user/" + root, admin, "{\"status\":\"disabled\",\"email\":\"x@e.x\"}"),
                gatehouse.delete("/user/" + root, admin))) {
            assertThat(response.status()).isEqualTo(409);
            assertThat(response.text("code")).isEqualTo("LAST_ADMINISTRATOR");
        }
        assertThat(gatehouse.get("/user/me", admin).json()).isEqualTo(before.json());
    }

    @Test
    void isKeptAsTheLastAdministratorIfConcurrentCallsRemoveAllAdministrators() throws Exception {
        Document active = new Document("roles", "admin").append("status", "active");
        Document root = stores.users().find(active).first();
        assertThat(root).isNotNull();
        try {
            for (int round = 0; round < 25; round++) {
                // The two new administrators are the only active administrators. Each of the two tries to delete and to
                // disable both.
                stores.users().updateMany(active, new Document("$set", new Document("status", "disabled")));
                String one = insertAdministrator(root, "one-" + round);
                String other = insertAdministrator(root, "other-" + round);
                List<Callable<Integer>> removals = new ArrayList<>();
                for (String name : List.of("one-" + round, "other-" + round)) {
                    String token = gatehouse.token(name, Node.ADMIN_PASSWORD);
                    for (String id : List.of(one, other)) {
                        removals.add(
                                () -> gatehouse.delete("/user/" + id, token).status());
                        removals.add(() -> gatehouse
                                .patch("/user/" + id, token, "{\"status\":\"disabled\"}")
                                .status());
                    }
                }

                // A caller gets 401 if another call has already removed this caller.
                assertThat(inParallel(removals)).isSubsetOf(200, 202, 204, 401, 404, 409);
                assertThat(stores.users().countDocuments(active))
                        .as("round " + round)
                        .isEqualTo(1);
            }
        } finally {
            stores.users().deleteMany(new Document("usernameKey", Pattern.compile("^(one|other)-[0-9]+$")));
            stores.users().replaceOne(new Document("_id", root.getObjectId("_id")), root);
        }
    }

    private static String insertAdministrator(Document pattern, String name) {
        Document administrator = new Document(pattern);
        ObjectId id = new ObjectId();
        administrator.putAll(new Document("_id", id).append("username", name).append("usernameKey", name));
        stores.users().insertOne(administrator);
        return id.toHexString();
    }

    private static String create() {
        return gatehouse.create(admin, "user-" + number.incrementAndGet(), PASSWORD);
    }

    private static String nameOf(String id) {
        return gatehouse.get("/user/" + id, admin).text("username");
    }

    private static <T> List<T> inParallel(int times, Callable<T> call) throws Exception {
        return inParallel(Collections.nCopies(times, call));
    }

    private static <T> List<T> inParallel(List<Callable<T>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> result : threads.invokeAll(calls)) {
                results.add(result.get());
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }
}
