package org.gatehouse.bulk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code POST /user/bulk} on one of two nodes, and the effects on the other one. */
class BulkTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String UNKNOWN = "000000000000000000000000";

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static final Node other = Node.start(stores);
    private static final String admin = node.adminToken();
    private static final String adminId = node.get("/user/me", admin).text("_id");
    private static final AtomicInteger number = new AtomicInteger();

    /** The beginning of the usernames of this test. */
    private final String prefix = "bulk" + number.incrementAndGet() + "-";

    @AfterAll
    static void stop() {
        other.close();
        node.close();
        stores.close();
    }

    @Test
    void disablesAndEnablesUsers() {
        String one = create("one", "user");
        String two = create("two", "user");
        String token = node.token(prefix + "one", PASSWORD);
        assertThat(node.patch("/user/" + two, admin, "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        JsonNode disabled = bulk("disable", one, two);

        assertCounts(disabled, 1, 1, 0);
        assertThat(disabled.path("dryRun").booleanValue()).isFalse();
        assertThat(disabled.path("after").isNull()).isTrue();
        assertThat(status(one)).isEqualTo("disabled");
        assertThat(other.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(other.login(prefix + "one", PASSWORD).status()).isEqualTo(401);

        assertCounts(bulk("enable", one, two), 2, 0, 0);
        assertThat(status(one)).isEqualTo("active");
        assertThat(other.get("/user/me", token).status())
                .as("sessions stay ended")
                .isEqualTo(401);
        assertThat(audit(one, "STATUS_CHANGED", 2)).containsExactly("disabled active", "active disabled");
        assertThat(audit(two, "STATUS_CHANGED", 2))
                .as("a call that changes nothing has no entry")
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"disable", "enable"})
    void theDeletionOfALeavingUserIsNotCancelled(String action) {
        String one = create("one", "user");
        String token = node.token(prefix + "one", PASSWORD);
        assertThat(node.delete("/user/me", token).status()).isEqualTo(202);
        String before = other.get("/user/" + one, admin).body();
        assertThat(status(one)).isEqualTo("leaving");

        String filter = "\"filter\":{\"q\":\"" + prefix + "\",\"status\":\"leaving\"}";
        for (String users : List.of(users(one), users(one) + ",\"dryRun\":true", filter)) {
            JsonNode result = post("{\"action\":\"" + action + "\"," + users + "}");
            assertCounts(result, 0, 0, 1);
            assertThat(result.at("/failed/0/code").asText()).isEqualTo("VALIDATION_FAILED");
            assertThat(result.at("/failed/0/message").asText()).contains("is leaving", "PATCH");
        }

        assertThat(other.get("/user/" + one, admin).body()).isEqualTo(before);
    }

    @Test
    void endsSessions() {
        String one = create("one", "user");
        String token = node.token(prefix + "one", PASSWORD);

        assertCounts(bulk("end-sessions", one), 1, 0, 0);

        assertThat(other.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(audit(one, "SESSION_ENDED", 1)).hasSize(1);
        assertThat(other.login(prefix + "one", PASSWORD).status()).isEqualTo(200);
    }

    @Test
    void addsAndRemovesARole() {
        String one = create("one", "user");
        String two = create("two", "user\",\"editor");

        assertCounts(post("{\"action\":\"add-role\",\"role\":\"editor\"," + users(one, two) + "}"), 1, 1, 0);
        assertThat(roles(one)).containsExactlyInAnyOrder("user", "editor");
        assertThat(audit(one, "ROLES_CHANGED", 1)).containsExactly("user editor, user");

        assertCounts(post("{\"action\":\"remove-role\",\"role\":\"user\"," + users(one, two) + "}"), 2, 0, 0);
        assertThat(roles(one)).containsExactly("editor");
        assertCounts(post("{\"action\":\"remove-role\",\"role\":\"user\"," + users(one, two) + "}"), 0, 2, 0);
    }

    @Test
    void aUserWithTooManyRolesFailsAndTheOthersAreChanged() {
        String full =
                create("full", IntStream.range(0, 16).mapToObj(i -> "r" + i).collect(Collectors.joining("\",\"")));
        String one = create("one", "user");

        JsonNode result = post("{\"action\":\"add-role\",\"role\":\"editor\"," + users(full, UNKNOWN, one) + "}");

        assertCounts(result, 1, 0, 2);
        assertThat(result.path("failed"))
                .hasToString("[{\"_id\":\"" + full + "\",\"username\":\"" + prefix
                        + "full\",\"code\":\"VALIDATION_FAILED\",\"message\":\"roles must have at most 16 roles\"},"
                        + "{\"_id\":\"" + UNKNOWN
                        + "\",\"code\":\"USER_NOT_FOUND\",\"message\":\"Data not found.\"}]");
        assertThat(roles(full)).hasSize(16);
    }

    @Test
    void aDryRunChangesNothingAndSaysWhatWouldChange() {
        String one = create("one", "user");
        String two = create("two", "editor");
        String token = node.token(prefix + "one", PASSWORD);
        List<Document> before = stored();
        long entries = stores.collection("audit").countDocuments();
        for (String action : List.of(
                "\"disable\"",
                "\"enable\"",
                "\"end-sessions\"",
                "\"add-role\",\"role\":\"user\"",
                "\"remove-role\",\"role\":\"user\"")) {
            String body = "{\"action\":" + action + "," + users(one, two, UNKNOWN, adminId) + ",\"dryRun\":";

            JsonNode dry = post(body + "true}");

            assertThat(dry.path("dryRun").booleanValue()).isTrue();
            assertThat(stored()).as(action).isEqualTo(before);
            assertThat(stores.collection("audit").countDocuments()).as(action).isEqualTo(entries);
            assertThat(other.get("/user/me", token).status()).isEqualTo(200);
        }
        for (String action : List.of("\"add-role\",\"role\":\"user\"", "\"disable\"", "\"enable\"")) {
            String body = "{\"action\":" + action + "," + users(one, two, UNKNOWN, adminId) + ",\"dryRun\":";
            JsonNode dry = post(body + "true}");
            JsonNode real = post(body + "false}");

            for (String field : List.of("processed", "changed", "unchanged", "failed", "after")) {
                assertThat(dry.path(field)).as(action + field).isEqualTo(real.path(field));
            }
        }
    }

    @Test
    void theCallerIsNeitherDisabledNorLoggedOutNorDemoted() {
        for (String action : List.of("\"disable\"", "\"end-sessions\"", "\"remove-role\",\"role\":\"admin\"")) {
            for (String selection : List.of(users(adminId), "\"filter\":{\"q\":\"" + Node.ADMIN + "\"}")) {
                JsonNode result = post("{\"action\":" + action + "," + selection + "}");

                assertCounts(result, 0, 0, 1);
                assertThat(result.at("/failed/0/code").asText()).isEqualTo("FORBIDDEN");
                assertThat(result.at("/failed/0/username").asText()).isEqualTo(Node.ADMIN);
            }
        }
        assertThat(other.get("/user/me", admin).status()).isEqualTo(200);
        assertCounts(post("{\"action\":\"enable\"," + users(adminId) + "}"), 0, 1, 0);
        assertCounts(post("{\"action\":\"add-role\",\"role\":\"owner\"," + users(adminId) + "}"), 1, 0, 0);
        assertCounts(post("{\"action\":\"remove-role\",\"role\":\"owner\"," + users(adminId) + "}"), 1, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"disable\"", "\"remove-role\",\"role\":\"admin\""})
    void theLastAdministratorRemains(String action) {
        try (Stores separate = new Stores();
                Node alone = Node.start(separate)) {
            String token = alone.adminToken();
            String first = alone.get("/user/me", token).text("_id");
            String second = alone.post(
                            "/user",
                            token,
                            "{\"username\":\"second\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"admin\"]}")
                    .text("_id");
            Response service = alone.post("/service", token, "{\"name\":\"robot\",\"roles\":[\"admin\"]}");
            String robot = alone.serviceToken(service.text("_id"), service.text("secret"));
            String body =
                    "{\"action\":" + action + ",\"filter\":{\"role\":\"admin\",\"status\":\"active\"},\"dryRun\":";

            JsonNode dry = alone.post("/user/bulk", robot, body + "true}").json();
            JsonNode real = alone.post("/user/bulk", robot, body + "false}").json();

            assertCounts(real, 1, 0, 1);
            assertThat(real.at("/failed/0/code").asText()).isEqualTo("LAST_ADMINISTRATOR");
            assertThat(dry.path("failed")).isEqualTo(real.path("failed"));
            assertThat(List.of(first, second)).contains(real.at("/failed/0/_id").asText());
            assertThat(alone.get("/user?role=admin&status=active", robot).json())
                    .hasSize(1);
        }
    }

    @Test
    void aFilterIsProcessedPageByPageWithoutGaps() {
        Set<String> created = new HashSet<>();
        for (int i = 0; i < 7; i++) {
            created.add(create("user" + i, "user"));
        }
        String body = "{\"action\":\"disable\",\"limit\":2,\"filter\":{\"q\":\"" + prefix + "\",\"status\":\"active\"}";
        int processed = 0;
        int pages = 0;
        String after = "null";
        do {
            JsonNode page = post(body + ",\"after\":" + after + "}");
            assertThat(page.path("processed").asInt()).isBetween(1, 2);
            processed += page.path("changed").asInt();
            pages++;
            after = page.path("after").toString();
        } while (!after.equals("null"));

        assertThat(processed).isEqualTo(7);
        assertThat(pages).isEqualTo(4);
        assertThat(created).allSatisfy(id -> assertThat(status(id)).isEqualTo("disabled"));
        assertCounts(post(body + "}"), 0, 0, 0);
    }

    @Test
    void aFilterSelectsAsTheListDoes() {
        String one = create("one", "editor");
        create("two", "user");
        for (String filter : List.of(
                "\"search\":\"" + prefix + "\",\"role\":\"editor\"",
                "\"search\":\"" + one + "\"",
                "\"q\":\"" + prefix + "O\",\"status\":\"active\"")) {
            JsonNode result = post("{\"action\":\"add-role\",\"role\":\"found\",\"filter\":{" + filter + "}}");
            assertThat(result.path("processed").asInt()).as(filter).isEqualTo(1);
        }
        assertThat(roles(one)).contains("found");
        JsonNode all = post("{\"action\":\"enable\",\"filter\":{},\"dryRun\":true,\"limit\":1}");
        assertThat(all.path("processed").asInt()).isEqualTo(1);
        assertThat(all.path("after").isTextual()).isTrue();
    }

    @Test
    void aCursorOfAnotherFilterIsRejected() {
        create("one", "user");
        create("two", "user");
        String filter = "\"filter\":{\"q\":\"" + prefix + "\"}";
        String after = post("{\"action\":\"enable\",\"limit\":1," + filter + "}")
                .path("after")
                .toString();

        assertViolations(send("{\"action\":\"enable\",\"filter\":{\"q\":\"bulk\"},\"after\":" + after + "}"), "after");
        assertViolations(send("{\"action\":\"enable\",\"filter\":{},\"after\":" + after + "}"), "after");
        assertCounts(post("{\"action\":\"enable\"," + filter + ",\"after\":" + after + "}"), 0, 1, 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | action users",
                "{'action':'delete','users':['000000000000000000000000']} | action",
                "{'action':7,'filter':{}} | action",
                "{'action':'disable'} | users",
                "{'action':'disable','users':null,'filter':null} | users",
                "{'action':'disable','users':['000000000000000000000000'],'filter':{}} | users",
                "{'action':'disable','users':[]} | users",
                "{'action':'disable','users':['me']} | users",
                "{'action':'disable','users':[7]} | users",
                "{'action':'disable','users':'000000000000000000000000'} | users",
                "{'action':'disable','filter':[]} | filter",
                "{'action':'disable','filter':{'name':'a','status':'x','role':'X','search':'','q':7}}"
                        + " | filter.name filter.status filter.role filter.search filter.q",
                "{'action':'disable','filter':{},'role':'user'} | role",
                "{'action':'add-role','filter':{}} | role",
                "{'action':'add-role','filter':{},'role':'X'} | role",
                "{'action':'remove-role','filter':{},'role':['user']} | role",
                "{'action':'disable','filter':{},'limit':0} | limit",
                "{'action':'disable','filter':{},'limit':201} | limit",
                "{'action':'disable','filter':{},'limit':1.5} | limit",
                "{'action':'disable','filter':{},'limit':'1'} | limit",
                "{'action':'disable','filter':{},'dryRun':'true'} | dryRun",
                "{'action':'disable','filter':{},'dryrun':true} | dryrun",
                "{'action':'disable','filter':{},'after':'x'} | after",
                "{'action':'disable','filter':{},'after':7} | after",
                "{'action':'disable','users':['000000000000000000000000'],'limit':1,'after':'x'} | limit after"
            })
    void anInvalidBodyIsRejectedAndChangesNothing(String body, String fields) {
        List<Document> before = stored();

        assertViolations(send(body.replace('\'', '"')), fields.split(" "));

        assertThat(stored()).isEqualTo(before);
    }

    @Test
    void moreThan200UsersAreRejected() {
        String[] ids = IntStream.range(0, 201)
                .mapToObj(i -> new ObjectId().toHexString())
                .toArray(String[]::new);
        assertViolations(send("{\"action\":\"disable\"," + users(ids) + "}"), "users");

        ids[0] = ids[1];
        assertViolations(send("{\"action\":\"disable\"," + users(ids) + "}"), "users");
        List<String> fewer = new ArrayList<>(List.of(ids)).subList(1, 201);
        fewer.set(1, ids[1]);
        assertCounts(post("{\"action\":\"disable\"," + users(fewer.toArray(String[]::new)) + "}"), 0, 0, 199);
    }

    @Test
    void aRecentAuthenticationIsRequired() {
        SettableClock clock = new SettableClock(Instant.now());
        try (Node dated = Node.start(stores, Map.of("AUTH_EXPIRY", "7200000"), clock)) {
            String one = create("one", "user");
            String token = dated.adminToken();
            String body = "{\"action\":\"disable\"," + users(one) + ",\"dryRun\":";
            clock.advance(Duration.ofMinutes(11));
            for (String dryRun : List.of("true}", "false}")) {
                Response rejected = dated.post("/user/bulk", token, body + dryRun);
                assertThat(rejected.status()).as(rejected.body()).isEqualTo(401);
                assertThat(rejected.text("code")).isEqualTo("INSUFFICIENT_USER_AUTHENTICATION");
            }
            assertThat(status(one)).isEqualTo("active");
        }
    }

    @Test
    void onlyAdministratorsMayCallIt() {
        String one = create("one", "user");
        String body = "{\"action\":\"disable\"," + users(one) + "}";
        for (String role : List.of("user", "support", "auditor")) {
            create(role, role);
            Response response = node.post("/user/bulk", node.token(prefix + role, PASSWORD), body);
            assertThat(response.text("code")).as(role).isEqualTo("FORBIDDEN");
        }
        assertThat(node.post("/user/bulk", "", body).status()).isEqualTo(401);
        assertThat(status(one)).isEqualTo("active");
    }

    private String create(String name, String roles) {
        Response created = node.post(
                "/user",
                admin,
                "{\"username\":\"" + prefix + name + "\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"" + roles
                        + "\"]}");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        return created.text("_id");
    }

    private static JsonNode bulk(String action, String... ids) {
        return post("{\"action\":\"" + action + "\"," + users(ids) + "}");
    }

    private static String users(String... ids) {
        return "\"users\":[\"" + String.join("\",\"", ids) + "\"]";
    }

    private static Response send(String body) {
        return node.post("/user/bulk", admin, body);
    }

    private static JsonNode post(String body) {
        Response response = send(body);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }

    private static String status(String id) {
        return other.get("/user/" + id, admin).text("status");
    }

    private static List<String> roles(String id) {
        List<String> roles = new ArrayList<>();
        other.get("/user/" + id, admin).json().path("roles").forEach(role -> roles.add(role.asText()));
        return roles;
    }

    /** Returns the details of the audit entries of this type, latest first, after this number has been written. */
    private static List<String> audit(String id, String type, int count) {
        return await().until(
                        () -> {
                            List<String> entries = new ArrayList<>();
                            for (JsonNode entry :
                                    node.get("/audit?user=" + id, admin).json()) {
                                if (entry.path("type").asText().equals(type)
                                        && entry.path("actor").asText().equals(adminId)) {
                                    entries.add((entry.at("/details/from").asText() + " "
                                                    + entry.at("/details/to").asText())
                                            .strip());
                                }
                            }
                            return entries;
                        },
                        entries -> entries.size() >= count);
    }

    private static List<Document> stored() {
        return stores.users().find().sort(new Document("_id", 1)).into(new ArrayList<>());
    }

    private static void assertCounts(JsonNode result, int changed, int unchanged, int failed) {
        assertThat(result.path("changed").asInt()).as("changed of %s", result).isEqualTo(changed);
        assertThat(result.path("unchanged").asInt())
                .as("unchanged of %s", result)
                .isEqualTo(unchanged);
        assertThat(result.path("failed")).as("failed of %s", result).hasSize(failed);
        assertThat(result.path("processed").asInt()).isEqualTo(changed + unchanged + failed);
    }

    private static void assertViolations(Response response, String... fields) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactlyInAnyOrder(fields);
    }
}
