package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that this version reads the stores of earlier versions. Also tests that the previous version reads the stores
 * of this version.
 *
 * <p>{@code -Dgatehouse.format.write=0.2.0} first writes the current format as version 0.2.0. See the README in the
 * folder of the formats.
 */
@Tag("also-full")
class FormatTest {
    private static final boolean LONG = Boolean.getBoolean("gatehouse.long");
    private static final String WRITE_PROPERTY = "gatehouse.format.write";

    private static final String ADVICE =
            "Nodes of the previous version run beside this version during a rollout, and after a rollback. They must"
                    + " ignore each new field, and must not need a missing field. No field may change its type. If the"
                    + " differences respect these rules, add a folder for this version: see "
                    + FormatFolder.ALL + "/README.md";

    private final Stores stores = new Stores();
    private Optional<Node> started = Optional.empty();

    @AfterEach
    void stop() {
        started.ifPresent(Node::close);
        stores.close();
    }

    /** The newest folder is read in the long form only, because this version has written it. */
    static Stream<FormatFolder> versions() {
        List<FormatFolder> all = FormatFolder.all();
        return LONG || all.size() == 1 ? all.stream() : all.subList(0, all.size() - 1).stream();
    }

    @Test
    void thePreviousVersionReadsTheStoresOfThisVersion() {
        ObjectNode callers = FormatScene.run(stores);
        String version = System.getProperty(WRITE_PROPERTY, "");
        if (!version.isEmpty()) {
            FormatFolder.write(FormatFolder.ALL.resolve(version), stores, callers);
        }

        FormatFolder last = FormatFolder.latest();
        FormatShape before = FormatShape.of(last.documents(), last.entries());
        FormatShape today = FormatShape.of(FormatFolder.documents(stores), FormatFolder.entries(stores));

        assertThat(today.differencesFrom(before))
                .as(ADVICE + " (compared with " + last + ")")
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("versions")
    void allUsersAreListedAndExportedAsByTheEarlierVersion(FormatFolder version) {
        JsonNode callers = version.callers();
        Node node = start(version);
        String admin = callers.path("admin").asText();

        callers.path("pages")
                .forEach(page -> assertThat(
                                node.get(page.path("path").asText(), admin).json())
                        .as(page.path("path").asText())
                        .isEqualTo(Response.json(page.path("body").asText())));
        assertThat(node.get("/user/export?hashes=true", admin).body())
                .isEqualTo(callers.path("export").asText());
        assertThat(node.get("/.well-known/jwks.json", "").json())
                .isEqualTo(Response.json(callers.path("jwks").asText()));
        JsonNode repeated = callers.path("repeated");
        Response again = node.send(
                "POST",
                "/user",
                repeated.path("body").asText(),
                "auth",
                admin,
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                repeated.path("key").asText());
        assertThat(again.status()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(repeated.path("response").asText());
        JsonNode throttle = node.get("/user/" + callers.path("aliceId").asText() + "/throttle", admin)
                .json();
        assertThat(throttle.path("sources").findValuesAsText("failures")).containsExactly("2");
    }

    @ParameterizedTest
    @MethodSource("versions")
    void allUsersLogInAndSessionsContinue(FormatFolder version) {
        JsonNode callers = version.callers();
        Node node = start(version);

        callers.path("tokens").forEach(recorded -> {
            Response self = node.get("/user/me", recorded.path("token").asText());
            Response next = node.post(
                    "/token/refresh",
                    "",
                    FormatScene.refreshBody(recorded.path("refreshToken").asText()));
            String description = recorded.path("user").asText() + " " + self.body() + next.body();
            boolean live = recorded.path("live").asBoolean();
            assertThat(self.status()).as(description).isEqualTo(live ? 200 : 401);
            assertThat(next.status()).as(description).isEqualTo(live ? 200 : 401);
            if (live) {
                assertThat(self.text("username"))
                        .isEqualToIgnoringCase(recorded.path("user").asText());
                assertThat(node.get("/user/me", next.text("token")).status()).isEqualTo(200);
            }
        });
        callers.path("passwords").properties().forEach(user -> {
            String password = user.getValue().asText();
            assertThat(login(node, user.getKey(), "x" + password))
                    .as(user.getKey())
                    .isEqualTo(401);
            assertThat(login(node, user.getKey(), password)).as(user.getKey()).isEqualTo(200);
            assertThat(login(node, user.getKey(), password))
                    .as(user.getKey() + " again")
                    .isEqualTo(200);
        });
        callers.path("rejected")
                .properties()
                .forEach(user -> assertThat(
                                login(node, user.getKey(), user.getValue().asText()))
                        .as(user.getKey())
                        .isEqualTo(401));
    }

    @Test
    void servicesContinue() { // version 0.1.0 had none
        FormatFolder version = FormatFolder.latest();
        JsonNode service = version.callers().path("service");
        Node node = start(version);

        assertThat(node.get("/check?role=introspect", service.path("token").asText())
                        .status())
                .isEqualTo(204);
        String token = node.serviceToken(
                service.path("id").asText(), service.path("secret").asText());
        assertThat(node.get("/check?role=introspect", token).status()).isEqualTo(204);
    }

    @Test
    void secondFactorsContinue() { // version 0.1.0 had none
        FormatFolder version = FormatFolder.latest();
        Node node = start(version);
        Response login = node.login("secured", FormatScene.PASSWORD);
        assertThat(login.text("code")).isEqualTo("FACTOR_REQUIRED");
        assertThat(login.json().path("factors")).hasSize(2);
        Instant now = Instant.parse(version.callers().path("now").asText());
        String code = FactorNodes.codeAt(FormatScene.TOTP_SECRET, now);

        Response second = node.post(
                "/login/factor",
                "",
                FactorNodes.json(Map.of("challenge", login.text("challenge"), "type", "totp", "code", code)));

        assertThat(second.status()).as(second.body()).isEqualTo(200);
    }

    @ParameterizedTest
    @MethodSource("versions")
    void aCachedUserIsReturnedUntilItChanges(FormatFolder version) {
        JsonNode callers = version.callers();
        String id = callers.path("aliceId").asText();
        String admin = callers.path("admin").asText();
        version.load(stores);
        // This change bypasses the service, so that a response with the old value comes from the cache.
        stores.users().updateOne(Filters.eq(new ObjectId(id)), Updates.set("email", "another@example.com"));
        Node node = node(version);

        await().atMost(Duration.ofSeconds(60))
                .until(() -> node.get("/user/" + id, admin).text("email").equals("alice@example.com"));
        assertThat(node.patch("/user/" + id, admin, "{\"age\":43}")
                        .json()
                        .path("age")
                        .asInt())
                .isEqualTo(43);
        Response changed = node.get("/user/" + id, admin);
        assertThat(changed.json().path("age").asInt()).isEqualTo(43);
        assertThat(changed.text("email")).isEqualTo("another@example.com");
    }

    @Test
    void aDatabaseThatThisVersionCannotReadStaysUnchanged() {
        FormatFolder.latest().load(stores);
        start();
        stores.meta().updateOne(Filters.eq("format"), Updates.set("readableFrom", 3L));
        stores.users().insertOne(new Document("username", "new").append("password", "plain"));

        assertThatThrownBy(() -> Node.start(stores))
                .rootCause()
                .hasMessageContaining("A newer Gatehouse has changed the database " + stores.database())
                .hasMessageContaining("format 3, and this version understands 2");
        assertThat(stores.users().countDocuments(Filters.exists("usernameKey", false)))
                .isEqualTo(1);
    }

    /** Nodes of version 0.1.0 would not ask for factors, so they must not start again. */
    @Test
    void theFirstFactorMarksTheDatabase() {
        Node node = FormatScene.node(stores, SettableClock.atNow());
        started = Optional.of(node);
        node.create(node.adminToken(), "alice", FormatScene.PASSWORD);
        String token = node.token("alice", FormatScene.PASSWORD);
        Response begun = node.post("/factor/totp", token, "{\"name\":\"phone\"}");
        String confirm = "/factor/" + begun.text("_id") + "/confirm";
        String right = FactorNodes.codeAt(begun.text("secret"), Instant.now());

        assertThat(node.post(confirm, token, "{\"code\":\"x\"}").status()).isEqualTo(401);
        assertThat(stores.meta().countDocuments(Filters.eq("format"))).isZero();
        assertThat(node.post(confirm, token, "{\"code\":\"" + right + "\"}").status())
                .isEqualTo(200);
        assertThat(stores.meta().countDocuments(Filters.eq("readableFrom", 2))).isEqualTo(1);
    }

    private void start() {
        started = Optional.of(FormatScene.node(stores, FormatFolder.latest().clock()));
    }

    private Node start(FormatFolder version) {
        version.load(stores);
        return node(version);
    }

    private Node node(FormatFolder version) {
        Node node = FormatScene.node(stores, version.clock());
        started = Optional.of(node);
        return node;
    }

    /**
     * Logs in from a different address for each user and password, because the throttle limits the logins from one
     * address.
     */
    private static int login(ServiceClient node, String name, String password) {
        String address = "10.1." + Math.floorMod(name.hashCode(), 250) + "." + Math.floorMod(password.hashCode(), 250);
        return node.patiently(() -> node.loginFrom(address, name, password)).status();
    }
}
