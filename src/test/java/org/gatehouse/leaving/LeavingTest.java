package org.gatehouse.leaving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.json.IsoTime;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the deletion of accounts by their owners, and its undo, with two nodes. */
class LeavingTest {
    /** A node looks for due users every 20 seconds. */
    private static final Duration DELETION = Duration.ofMinutes(2);

    private static final Duration PERIOD = Duration.ofDays(7);

    private static final FactorNodes nodes = new FactorNodes(Map.of());
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "leaver-" + own;
    private final String source = "198.51.100." + own;

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void anAccountIsDeletedAfterSevenDays() {
        String id = nodes.create(name);
        Response first = logIn(node, false);
        String second = logIn(other, false).text("token");
        String time = IsoTime.format(nodes.clock.instant().plus(PERIOD));

        Response left = other.delete("/user/me", second);

        assertThat(left.status()).as(left.body()).isEqualTo(202);
        assertThat(left.text("_id")).isEqualTo(id);
        assertThat(left.text("status")).isEqualTo("leaving");
        assertThat(left.text("deletedAfter")).isEqualTo(time);
        assertThat(left.header("ETag")).isEqualTo("\"" + left.text("version") + "\"");
        for (Node each : List.of(node, other)) {
            assertCode(each.get("/user/me", first.text("token")), 401, "SESSION_ENDED");
            assertCode(each.get("/user/me", second), 401, "SESSION_ENDED");
            assertCode(refresh(each, first), 401, "SESSION_ENDED");
            Response user = each.get("/user/" + id, node.adminToken());
            assertThat(user.text("status")).isEqualTo("leaving");
            assertThat(user.text("deletedAfter")).isEqualTo(time);
        }
        nodes.clock.advance(PERIOD.minusSeconds(1));
        Response rejected = logIn(other, false);
        assertCode(rejected, 403, "ACCOUNT_LEAVING");
        assertThat(rejected.text("deletedAfter")).isEqualTo(time);

        nodes.clock.advance(Duration.ofSeconds(1));

        String admin = node.adminToken();
        await().atMost(DELETION).until(() -> node.get("/user/" + id, admin).status() == 404);
        assertThat(other.get("/user/" + id, admin).status()).isEqualTo(404);
        assertCode(logIn(node, true), 401, "CREDENTIALS_WRONG");
        await().until(() -> nodes.audit(id).contains("USER_DELETED"));
        assertThat(nodes.audit(id))
                .as("the login after the deletion is not of this user")
                .containsExactly(
                        "USER_DELETED",
                        "LOGIN_FAILED",
                        "USER_LEAVING",
                        "LOGIN_SUCCEEDED",
                        "LOGIN_SUCCEEDED",
                        "USER_CREATED");
    }

    @Test
    void aLoginCanKeepTheAccount() {
        String id = leave();
        Response before = node.get("/user/" + id, node.adminToken());

        Response kept = logIn(other, true);

        assertThat(kept.status()).as(kept.body()).isEqualTo(200);
        assertThat(kept.json().path("user").path("status").asText()).isEqualTo("active");
        assertThat(kept.json().path("user").has("deletedAfter")).isFalse();
        assertThat(node.get("/user/me", kept.text("token")).text("status")).isEqualTo("active");
        assertThat(node.get("/user/me", kept.text("token"))
                        .json()
                        .path("version")
                        .asInt())
                .isEqualTo(before.json().path("version").asInt() + 1);
        assertThat(stored(id).get("_server", new Document())).doesNotContainKey("leaving");
        assertThat(nodes.audit(id)).startsWith("LOGIN_SUCCEEDED", "USER_STAYED", "USER_LEAVING");
        nodes.clock.advance(PERIOD.plusDays(1));
        assertThat(logIn(node, false).status()).isEqualTo(200);
        assertThat(logIn(node, true).status())
                .as("the field has no effect on an active account")
                .isEqualTo(200);
    }

    @Test
    void aWrongPasswordShowsNothing() {
        leave();

        for (boolean keep : List.of(true, false)) {
            Response wrong = FactorNodes.post(
                    node, source, "/login", Map.of("username", name, "password", "wrong", "keepAccount", keep));
            assertCode(wrong, 401, "CREDENTIALS_WRONG");
            assertThat(wrong.body()).doesNotContain("deletedAfter");
        }
    }

    @Test
    void keepAccountMustBeABoolean() {
        Response wrong = FactorNodes.post(
                node, source, "/login", Map.of("username", name, "password", PASSWORD, "keepAccount", "yes"));

        assertCode(wrong, 400, "VALIDATION_FAILED");
        assertThat(wrong.body()).contains("keepAccount");
    }

    @Test
    void theFactorIsAskedFirst() {
        Enrolled user = nodes.enrol(name, source);
        Response left = node.delete("/user/me", user.token());
        assertThat(left.status()).as(left.body()).isEqualTo(202);
        nodes.nextStep();
        Response asked = logIn(other, true);
        assertCode(asked, 401, "FACTOR_REQUIRED");
        assertThat(asked.body()).doesNotContain("deletedAfter");
        assertThat(status(user.userId())).isEqualTo("leaving");

        assertCode(factor(asked, nodes.wrongCode(user.secret()), true), 401, "FACTOR_WRONG");
        Response told = factor(asked, nodes.code(user.secret()), false);
        assertCode(told, 403, "ACCOUNT_LEAVING");
        assertThat(told.text("deletedAfter")).isEqualTo(left.text("deletedAfter"));
        assertThat(status(user.userId())).isEqualTo("leaving");
        nodes.nextStep();
        Response kept = factor(logIn(node, false), nodes.code(user.secret()), true);

        assertThat(kept.status()).as(kept.body()).isEqualTo(200);
        assertThat(other.get("/user/me", kept.text("token")).text("status")).isEqualTo("active");
    }

    @Test
    void aRecentAuthenticationIsRequired() {
        String id = nodes.create(name);
        Response login = logIn(node, false);
        nodes.clock.advance(Duration.ofHours(1));
        String token = refresh(node, login).text("token");

        assertCode(node.delete("/user/me", token), 401, "INSUFFICIENT_USER_AUTHENTICATION");

        assertThat(status(id)).isEqualTo("active");
        String again = node.post("/login/step-up", token, json(Map.of("password", PASSWORD)))
                .text("token");
        assertThat(node.delete("/user/" + id, again).status()).isEqualTo(202);
    }

    @Test
    void theVersionMustMatch() {
        String id = nodes.create(name);
        String token = logIn(node, false).text("token");

        Response stale = node.send("DELETE", "/user/me", "", "auth", token, "If-Match", "\"77\"");

        assertCode(stale, 412, "VERSION_MISMATCH");
        assertThat(status(id)).isEqualTo("active");
    }

    @Test
    void onlyAdministratorsDeleteOthers() {
        String id = nodes.create(name);
        nodes.create(name + "-eve");
        String eve = node.token(name + "-eve", PASSWORD);

        assertCode(node.delete("/user/" + id, eve), 403, "FORBIDDEN");

        assertThat(node.delete("/user/" + id, node.adminToken()).status()).isEqualTo(204);
        assertThat(node.get("/user/" + id, node.adminToken()).status()).isEqualTo(404);
    }

    @Test
    void theLastAdministratorStays() {
        String root = node.adminToken();
        assertCode(other.delete("/user/me", root), 409, "LAST_ADMINISTRATOR");
        assertThat(node.get("/user/me", root).text("status")).isEqualTo("active");
        String id = nodes.create(name);
        assertThat(node.patch("/user/" + id, root, "{\"roles\":[\"admin\"]}").status())
                .isEqualTo(200);

        assertThat(node.delete("/user/me", logIn(node, false).text("token")).status())
                .isEqualTo(202);

        assertCode(other.delete("/user/me", root), 409, "LAST_ADMINISTRATOR");
        assertThat(logIn(node, true).status()).isEqualTo(200);
        assertThat(node.patch("/user/" + id, root, "{\"roles\":[\"user\"]}").status())
                .isEqualTo(200);
    }

    @Test
    void administratorsEndTheLeaving() {
        String id = leave();
        String admin = node.adminToken();
        String path = "/user/" + id;
        assertThat(other.patch(path, admin, "{\"nickname\":\"x\"}").text("status"))
                .as("other changes keep the planned deletion")
                .isEqualTo("leaving");
        assertThat(other.patch(path, admin, "{\"status\":\"leaving\"}").status())
                .isEqualTo(400);

        assertThat(other.patch(path, admin, "{\"status\":\"disabled\"}").text("status"))
                .isEqualTo("disabled");

        assertCode(logIn(node, true), 401, "CREDENTIALS_WRONG");
        nodes.clock.advance(PERIOD.plusDays(1));
        assertThat(node.patch(path, node.adminToken(), "{\"status\":\"active\"}")
                        .text("status"))
                .isEqualTo("active");
        assertThat(logIn(node, false).status()).isEqualTo(200);
        assertThat(node.delete("/user/me", logIn(node, false).text("token")).status())
                .isEqualTo(202);
        Response active = node.patch(path, node.adminToken(), "{\"status\":\"active\"}");
        assertThat(active.text("status")).isEqualTo("active");
        assertThat(active.json().has("deletedAfter")).isFalse();
        assertThat(logIn(other, false).status()).isEqualTo(200);
    }

    @Test
    void anotherPasswordAndTheEndOfSessionsKeepThePlannedDeletion() {
        String id = leave();
        String admin = node.adminToken();

        assertThat(node.delete("/user/" + id + "/session", admin).status()).isEqualTo(204);
        assertThat(status(id)).isEqualTo("leaving");
        assertThat(node.send(
                                "PUT",
                                "/user/" + id + "/password",
                                json(Map.of("newPassword", "staple battery horse")),
                                "auth",
                                admin,
                                "Content-Type",
                                "application/json")
                        .status())
                .isEqualTo(204);

        assertThat(status(id)).isEqualTo("leaving");
        assertCode(logIn(node, true), 401, "CREDENTIALS_WRONG");
        Map<String, ?> right = Map.of("username", name, "password", "staple battery horse", "keepAccount", true);
        assertThat(FactorNodes.post(other, source, "/login", right).status()).isEqualTo(200);
    }

    /** The cache entry of an earlier version shows the user as disabled, so the node must read the store. */
    @Test
    void theEndOfSessionsKeepsADeletionThatIsNotInTheCache() {
        String id = leave();
        String admin = node.adminToken();
        String path = "/user/" + id;
        Document leaving = stored(id).get("_server", Document.class).get("leaving", Document.class);
        assertThat(node.patch(path, admin, "{\"status\":\"disabled\"}").status())
                .isEqualTo(200);
        assertThat(node.get(path, admin).text("status")).isEqualTo("disabled");
        nodes.stores.users().updateOne(Filters.eq("_id", new ObjectId(id)), Updates.set("_server.leaving", leaving));

        assertThat(node.delete(path + "/session", admin).status()).isEqualTo(204);

        assertThat(status(id)).isEqualTo("leaving");
    }

    @Test
    void aUserWhoLeavesDuringAPasswordResetStaysLeaving() {
        String id = nodes.create(name);
        String token = logIn(other, false).text("token");
        AtomicInteger writes = new AtomicInteger(-1);
        try (Node observed = Node.start(nodes.stores, Map.of(), nodes.clock, command -> {
            if (command.equals("update users") && writes.get() >= 0 && writes.incrementAndGet() == 2) {
                assertThat(other.delete("/user/me", token).status()).isEqualTo(202);
            }
        })) {
            String admin = observed.adminToken();
            writes.set(0);

            Response reset = observed.send(
                    "PUT",
                    "/user/" + id + "/password",
                    json(Map.of("newPassword", "staple battery horse")),
                    "auth",
                    admin,
                    "Content-Type",
                    "application/json");

            assertThat(reset.status()).as(reset.body()).isEqualTo(204);
            assertThat(writes).hasValue(3);
            assertThat(status(id)).isEqualTo("leaving");
            assertCode(logIn(node, false), 401, "CREDENTIALS_WRONG");
        }
    }

    @Test
    void listsSelectLeavingUsers() {
        String leaving = leave();
        String disabled = nodes.create(name + "-d");
        String admin = node.adminToken();
        assertThat(node.patch("/user/" + disabled, admin, "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        assertThat(ids("status=leaving&q=" + name)).containsExactly(leaving);
        assertThat(ids("status=disabled&q=" + name)).containsExactly(disabled);
        assertThat(ids("status=leaving&role=user&sort=-createdAt&limit=1000"))
                .contains(leaving)
                .doesNotContain(disabled);
        assertThat(ids("role=user&q=" + name)).containsExactlyInAnyOrder(leaving, disabled);
        assertThat(other.get("/user?status=gone", admin).status()).isEqualTo(400);
        Response counted = other.get("/user?status=leaving&count=true&q=" + name, admin);
        assertThat(counted.header("X-Total-Count")).isEqualTo("1");
    }

    /** A node of an earlier version enables and disables the user, and does not know the planned deletion. */
    @Test
    void aNodeOfAnEarlierVersionSeesADisabledUser() {
        String id = leave();
        assertThat(stored(id).getString("status")).isEqualTo("disabled");
        assertThat(stored(id).getLong("sessionCutoff")).isEqualTo(1);
        asEarlierVersion(id, "active");
        assertThat(fresh(id)).isEqualTo("active");
        assertThat(logIn(node, false).status()).isEqualTo(200);

        nodes.stores.users().updateOne(Filters.eq("_id", new ObjectId(id)), Updates.inc("sessionCutoff", 1L));
        asEarlierVersion(id, "disabled");

        assertThat(fresh(id)).isEqualTo("disabled");
        assertCode(logIn(node, true), 401, "CREDENTIALS_WRONG");
        nodes.clock.advance(PERIOD);
        await().atMost(DELETION)
                .until(() -> !stored(id).get("_server", new Document()).containsKey("leaving"));
        assertThat(fresh(id)).isEqualTo("disabled");
    }

    private void asEarlierVersion(String id, String status) {
        nodes.stores
                .users()
                .updateOne(
                        Filters.eq("_id", new ObjectId(id)),
                        Updates.combine(Updates.set("status", status), Updates.inc("version", 1L)));
    }

    /** Returns the status after a change, because the test has changed the document without the cache. */
    private static String fresh(String id) {
        return node.patch("/user/" + id, node.adminToken(), "{\"touched\":" + System.nanoTime() + "}")
                .text("status");
    }

    /** At the time of the deletion, logins on both nodes want to keep the accounts. */
    @Test
    void eitherTheUndoOrTheDeletionWins() throws Exception {
        List<String> names = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            names.add(name + "-" + i);
            ids.add(nodes.create(names.get(i)));
            String token = node.token(names.get(i), PASSWORD);
            assertThat(node.persistently(() -> node.delete("/user/me", token)).status())
                    .isEqualTo(202);
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Response>> logins = new ArrayList<>();
            nodes.clock.advance(PERIOD.plusSeconds(1));
            for (int i = 0; i < names.size(); i++) {
                Map<String, ?> body = Map.of("username", names.get(i), "password", PASSWORD, "keepAccount", true);
                String from = "203.0.113." + i;
                for (Node each : List.of(node, other)) {
                    Callable<Response> login = () -> FactorNodes.post(each, from, "/login", body);
                    logins.add(threads.submit(login));
                }
            }
            for (int i = 0; i < names.size(); i++) {
                Response first = logins.get(2 * i).get();
                Response second = logins.get(2 * i + 1).get();
                boolean kept = first.status() == 200 || second.status() == 200;
                Response user = other.get("/user/" + ids.get(i), node.adminToken());
                if (kept) {
                    assertThat(user.text("status")).isEqualTo("active");
                    String token = (first.status() == 200 ? first : second).text("token");
                    assertThat(node.get("/user/me", token).status()).isEqualTo(200);
                } else {
                    assertCode(first, 401, "CREDENTIALS_WRONG");
                    assertThat(user.status()).isEqualTo(404);
                }
            }
        } finally {
            threads.shutdownNow();
        }
        Set<String> stayed = new TreeSet<>();
        for (String id : ids) {
            List<String> types = nodes.audit(id);
            assertThat(types.contains("USER_STAYED")).isNotEqualTo(types.contains("USER_DELETED"));
            assertThat(types.stream().filter(type -> type.startsWith("USER_")).toList())
                    .hasSize(3);
            if (types.contains("USER_STAYED")) {
                stayed.add(id);
            }
        }
        assertThat(stayed).allSatisfy(id -> assertThat(status(id)).isEqualTo("active"));
    }

    @Test
    void anExportedUserIsImportedAsDisabled() {
        String id = leave();
        String line = node.get("/user/export", node.adminToken())
                .body()
                .lines()
                .filter(each -> each.contains(id))
                .findFirst()
                .orElseThrow();
        assertThat(line).contains("\"status\":\"leaving\"", "\"deletedAfter\":\"");
        assertThat(node.delete("/user/" + id, node.adminToken()).status()).isEqualTo(204);

        Response imported = node.send(
                "POST", "/user/import", line, "auth", node.adminToken(), "Content-Type", "application/x-ndjson");

        assertThat(imported.body()).contains("\"created\":1");
        JsonNode user = node.get("/user/" + id, node.adminToken()).json();
        assertThat(user.path("status").asText()).isEqualTo("disabled");
        assertThat(user.has("deletedAfter")).isFalse();
    }

    private String leave() {
        String id = nodes.create(name);
        String token = logIn(node, false).text("token");
        Response left = node.persistently(() -> node.delete("/user/me", token));
        assertThat(left.status()).as(left.body()).isEqualTo(202);
        return id;
    }

    private Response logIn(Node to, boolean keep) {
        Map<String, ?> body = keep
                ? Map.of("username", name, "password", PASSWORD, "keepAccount", true)
                : Map.of("username", name, "password", PASSWORD);
        return FactorNodes.post(to, source, "/login", body);
    }

    private Response factor(Response asked, String code, boolean keep) {
        return nodes.factor(
                node,
                source,
                Map.of("challenge", asked.text("challenge"), "type", "totp", "code", code, "keepAccount", keep));
    }

    private static Response refresh(Node to, Response login) {
        return to.post("/token/refresh", "", json(Map.of("refreshToken", login.text("refreshToken"))));
    }

    private static String status(String id) {
        return other.get("/user/" + id, node.adminToken()).text("status");
    }

    private static List<String> ids(String query) {
        List<String> ids = new ArrayList<>();
        Response page = other.get("/user?" + query, node.adminToken());
        assertThat(page.status()).as(page.body()).isEqualTo(200);
        page.json().forEach(user -> ids.add(user.path("_id").asText()));
        return ids;
    }

    private static Document stored(String id) {
        return nodes.stores.users().find(Filters.eq("_id", new ObjectId(id))).first();
    }

    private static void assertCode(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).isEqualTo(code);
    }
}
