package org.gatehouse.overview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the overview of a user over HTTP, on two nodes. Each test has its own users. */
class OverviewTest {
    private static final String GUARDED = "guarded";
    private static final String SOURCE = "192.0.2.1";

    private static final MailServer mails = MailServer.start();
    private static final FactorNodes nodes = new FactorNodes(settings());
    private static final Node node = nodes.node;

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("FACTOR_REQUIRED_ROLES", GUARDED);
        return settings;
    }

    @AfterAll
    static void stop() {
        nodes.close();
        mails.close();
    }

    @Test
    void containsThePartsOfTheirOwnCalls() {
        FactorNodes.Enrolled user = nodes.enrol("everything", SOURCE);
        String admin = node.adminToken();
        node.loginFrom("192.0.2.2", "everything", "not the password");

        JsonNode overview = overview(user.userId());

        assertThat(overview.path("user"))
                .isEqualTo(node.get("/user/" + user.userId(), admin).json());
        assertThat(overview.path("sessions"))
                .isEqualTo(
                        node.get("/user/" + user.userId() + "/session", admin).json())
                .hasSize(1);
        JsonNode factors = node.get("/user/" + user.userId() + "/factor", admin).json();
        assertThat(overview.path("factors")).isEqualTo(factors.path("factors")).hasSize(1);
        assertThat(overview.path("recoveryCodesLeft")).isEqualTo(factors.path("recoveryCodesLeft"));
        assertThat(overview.path("throttle"))
                .isEqualTo(
                        node.get("/user/" + user.userId() + "/throttle", admin).json());
        assertThat(overview.path("audit"))
                .isEqualTo(
                        node.get("/audit?limit=20&user=" + user.userId(), admin).json());
        assertThat(overview.path("mails")).isEmpty();
        assertThat(overview.path("more")).isEmpty();
        assertThat(overview.at("/login/lastFailures/0/details/reason").asText()).isEqualTo("wrong password");
        assertThat(overview).isEqualTo(overview(nodes.other, user.userId()));
    }

    @Test
    void aUserWhoLogsInHasNoCause() {
        String id = nodes.create("healthy");
        node.token("healthy", PASSWORD);

        JsonNode login = overview(id).path("login");

        assertThat(login.path("can").asBoolean()).isTrue();
        assertThat(login.path("causes")).isEmpty();
        assertThat(login.path("lastFailures")).isEmpty();
    }

    @Test
    void failuresOfTheLastThirtyDaysAreShown() {
        String id = nodes.create("patient");
        node.loginFrom(SOURCE, "patient", "not the password");
        nodes.clock.advance(Duration.ofDays(30).minusMinutes(1));
        assertThat(overview(id).at("/login/lastFailures")).hasSize(1);

        nodes.clock.advance(Duration.ofMinutes(2));

        JsonNode overview = overview(id);
        assertThat(overview.at("/login/lastFailures")).isEmpty();
        assertThat(overview.at("/login/causes")).isEmpty();
        assertThat(overview.path("audit").findValuesAsText("type")).containsExactly("LOGIN_FAILED", "USER_CREATED");
    }

    @Test
    void listsAreCut() {
        String id = nodes.create("frequent");
        for (int i = 0; i < 21; i++) {
            node.token("frequent", PASSWORD);
        }
        for (int i = 0; i < 11; i++) {
            node.loginFrom("192.0.2." + i, "frequent", "not the password");
        }

        JsonNode overview = overview(id);

        assertThat(overview.path("sessions")).hasSize(20);
        assertThat(overview.path("audit")).hasSize(20);
        assertThat(overview.at("/login/lastFailures")).hasSize(10);
        assertThat(overview.path("more").toString()).isEqualTo("[\"sessions\",\"audit\"]");
    }

    @Test
    void findsADisabledAccount() {
        String id = nodes.create("disabled");
        Response disabled = node.patch("/user/" + id, node.adminToken(), "{\"status\":\"disabled\"}");
        assertThat(disabled.status()).isEqualTo(200);
        assertThat(node.login("disabled", PASSWORD).status()).isEqualTo(401);

        JsonNode login = overview(id).path("login");

        assertThat(login.path("can").asBoolean()).isFalse();
        assertThat(causes(login)).containsExactly("STATUS_DISABLED blocks");
        String changed = node.get("/audit?type=STATUS_CHANGED&user=" + id, node.adminToken())
                .json()
                .at("/0/at")
                .asText();
        assertThat(login.at("/causes/0/since").asText()).isEqualTo(changed);
    }

    @Test
    void findsAnAccountThatItsOwnerHasDeleted() {
        String id = nodes.create("leaving");
        Response left = node.delete("/user/me", node.token("leaving", PASSWORD));
        assertThat(left.status()).isEqualTo(202);
        node.loginFrom(SOURCE, "leaving", "not the password");
        assertThat(node.loginFrom(SOURCE, "leaving", PASSWORD).text("code")).isEqualTo("ACCOUNT_LEAVING");

        JsonNode login = overview(id).path("login");

        assertThat(login.path("can").asBoolean()).isFalse();
        assertThat(causes(login)).containsExactly("STATUS_LEAVING blocks");
        assertThat(login.at("/causes/0/until").asText()).isEqualTo(left.text("deletedAfter"));
        assertThat(login.at("/causes/0/since").asText()).isNotEmpty();
    }

    @Test
    void findsAMissingPassword() {
        String id = imported("{\"username\":\"passwordless\"}", "passwordless");

        JsonNode login = overview(id).path("login");

        assertThat(login.path("can").asBoolean()).isFalse();
        assertThat(causes(login)).containsExactly("NO_PASSWORD blocks");
    }

    @Test
    void findsWrongPasswordsAndTheThrottledSource() {
        String id = nodes.create("forgetful");
        node.token("forgetful", PASSWORD);
        Instant first = nodes.clock.instant();
        for (int i = 0; i < 10; i++) {
            assertThat(node.loginFrom(SOURCE, "forgetful", "not the password").status())
                    .isEqualTo(401);
        }
        assertThat(node.loginFrom(SOURCE, "forgetful", PASSWORD).status()).isEqualTo(429);

        JsonNode login = overview(id).path("login");

        assertThat(login.path("can").asBoolean()).isTrue();
        assertThat(causes(login)).containsExactly("SOURCE_THROTTLED may block", "WRONG_PASSWORD may block");
        assertThat(login.at("/causes/0/source").asText()).isEqualTo(SOURCE);
        assertThat(Instant.parse(login.at("/causes/0/until").asText())).isAfter(Instant.now());
        assertThat(login.at("/causes/1/count").asInt()).isEqualTo(10);
        assertThat(Instant.parse(login.at("/causes/1/since").asText())).isAfterOrEqualTo(first);
        assertThat(login.at("/lastFailures/0/details/reason").asText()).isEqualTo("throttled");

        node.delete("/user/" + id + "/throttle", node.adminToken());
        assertThat(causes(overview(id).path("login"))).containsExactly("WRONG_PASSWORD may block");
        assertThat(node.loginFrom(SOURCE, "forgetful", PASSWORD).status()).isEqualTo(200);
        assertThat(causes(overview(id).path("login"))).isEmpty();
    }

    @Test
    void findsThrottledStrangers() {
        String id = nodes.create("attacked");
        for (int i = 0; i < 100; i++) {
            node.loginFrom("198.51.100." + i, "attacked", "not the password");
        }
        assertThat(node.loginFrom("198.51.100.200", "attacked", PASSWORD).status())
                .isEqualTo(429);

        JsonNode login = overview(id).path("login");

        assertThat(causes(login)).containsExactly("STRANGERS_THROTTLED may block", "WRONG_PASSWORD may block");
        assertThat(login.at("/causes/0/until").asText()).isNotEmpty();
        assertThat(login.at("/causes/0").has("source")).isFalse();
        // One of the 100 examined entries is the throttled login.
        assertThat(login.at("/causes/1/count").asInt()).isEqualTo(99);
    }

    @Test
    void findsWrongAndThrottledFactors() {
        FactorNodes.Enrolled user = nodes.enrol("factors", SOURCE);
        JsonNode before = overview(user.userId()).path("login");
        assertThat(causes(before)).containsExactly("FACTOR_REQUIRED information");
        assertThat(before.at("/causes/0/detail").asText()).isEqualTo("totp");
        nodes.nextStep();
        assertThat(nodes.totp(node, SOURCE, nodes.challenge("factors", SOURCE), nodes.code(user.secret()))
                        .status())
                .isEqualTo(200);

        wrongCode(user);
        JsonNode login = overview(user.userId()).path("login");
        assertThat(causes(login)).containsExactly("WRONG_FACTOR may block", "FACTOR_REQUIRED information");
        assertThat(login.at("/causes/0/count").asInt()).isEqualTo(1);
        assertThat(login.at("/causes/0/detail").asText()).isEqualTo("totp");

        for (int i = 1; i < 20; i++) {
            wrongCode(user);
        }
        login = overview(user.userId()).path("login");
        assertThat(causes(login))
                .containsExactly("FACTOR_THROTTLED may block", "WRONG_FACTOR may block", "FACTOR_REQUIRED information");
        assertThat(login.at("/causes/0/source").asText()).isEqualTo(SOURCE);
    }

    private static void wrongCode(FactorNodes.Enrolled user) {
        String challenge = nodes.challenge(user.name(), SOURCE);
        assertThat(nodes.totp(node, SOURCE, challenge, nodes.wrongCode(user.secret()))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void findsARoleThatRequiresAFactor() {
        String id = node.post(
                        "/user",
                        node.adminToken(),
                        json(Map.of("username", "unguarded", "password", PASSWORD, "roles", List.of("user", GUARDED))))
                .text("_id");

        assertThat(causes(overview(id).path("login"))).containsExactly("FACTOR_ENROLMENT_REQUIRED may block");
    }

    @Test
    void findsAnUnverifiedAddress() {
        String id = nodes.create("unverified");
        setAddress(id, "unverified@example.com");
        assertThat(node.login("unverified@example.com", PASSWORD).status()).isEqualTo(401);

        assertThat(causes(overview(id).path("login"))).containsExactly("ADDRESS_UNVERIFIED may block");
    }

    @Test
    void anUnverifiedAddressThatIsTheUsernameIsNoCause() {
        String id = nodes.create("Named@example.com");
        setAddress(id, "named@example.com");
        assertThat(node.login("named@example.com", PASSWORD).status()).isEqualTo(200);

        assertThat(causes(overview(id).path("login"))).isEmpty();
    }

    @Test
    void findsAnAddressOfAnotherAccount() {
        String owner = nodes.create("owner");
        verify(owner, "shared@example.com");
        String id = nodes.create("sharing");
        setAddress(id, "shared@example.com");
        assertThat(node.login("shared@example.com", PASSWORD)
                        .json()
                        .at("/user/_id")
                        .asText())
                .isEqualTo(owner);

        JsonNode login = overview(id).path("login");

        assertThat(causes(login)).containsExactly("ADDRESS_SHARED may block");
        assertThat(login.at("/causes/0/detail").asText()).isEqualTo(owner);
    }

    @Test
    void findsAMailThatWasNotSent() {
        String id = nodes.create("unreachable");
        verify(id, "unreachable@example.com");
        for (int i = 1; i <= 3; i++) { // an address gets three mails in an hour
            forget("unreachable@example.com");
            mails.await("unreachable@example.com", "reset", i);
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> statuses(mails(id)).equals(Set.of("sent")));
        assertThat(causes(overview(id).path("login"))).isEmpty();
        forget("unreachable@example.com");
        await().atMost(Duration.ofSeconds(60)).until(() -> statuses(mails(id)).contains("void"));

        JsonNode login = overview(id).path("login");

        assertThat(causes(login)).containsExactly("MAIL_FAILED may block");
        assertThat(login.at("/causes/0/detail").asText()).isEqualTo("The address has received too many mails.");
    }

    private static void forget(String address) {
        assertThat(node.post("/password/forgot", "", json(Map.of("email", address)))
                        .status())
                .isEqualTo(202);
    }

    @Test
    void aMailBelongsToTheUserOfItsAddress() {
        String id = nodes.create("mailed");
        verify(id, "mailed@example.com");
        forget("mailed@example.com");
        forget("unknown@example.com");
        mails.await("mailed@example.com", "reset");

        await().atMost(Duration.ofSeconds(60))
                .until(() -> mails(id).at("/0/status").asText().equals("sent"));
        assertThat(mails(id)).hasSize(1);
        assertThat(mails(id).at("/0/user").asText()).isEqualTo(id);
        assertThat(overview(id).path("mails")).isEqualTo(mails(id));
        assertThat(node.get("/mail?user=" + id + "&status=failed", node.adminToken())
                        .json())
                .isEmpty();
    }

    @Test
    void anInvitationBelongsToTheUserWhoAcceptedIt() {
        String admin = node.adminToken();
        assertThat(node.post("/invitation", admin, "{\"email\":\"guest@example.com\"}")
                        .status())
                .isEqualTo(202);
        String proof = mails.await("guest@example.com", "invitation").proof("invitation");
        Response accepted = node.post(
                "/invitation/accept", "", json(Map.of("proof", proof, "username", "guest", "password", PASSWORD)));
        String id = accepted.text("_id");

        assertThat(mails(id)).hasSize(1);
        assertThat(mails(id).at("/0/kind").asText()).isEqualTo("invitation");
    }

    @Test
    void findsAMailThatIsNotSentYet() throws IOException {
        // This server accepts connections, but never replies.
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Stores stores = new Stores();
                Node waiting = Node.start(stores, MailServer.settings(silent.getLocalPort()))) {
            String admin = waiting.adminToken();
            Response created = waiting.post(
                    "/user",
                    admin,
                    json(Map.of("username", "waiting", "password", PASSWORD, "email", "waiting@example.com")));

            String id = created.text("_id");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> !waiting.get("/mail?user=" + id, admin).json().isEmpty());

            JsonNode login =
                    waiting.get("/user/" + id + "/overview", admin).json().path("login");
            assertThat(causes(login)).containsExactly("ADDRESS_UNVERIFIED may block", "MAIL_PENDING information");
        }
    }

    @ParameterizedTest
    @CsvSource({"support, 'user,login,sessions,throttle,mails,audit,more'", "auditor, 'user,login,audit,more'"})
    void aRoleSeesOnlyTheParts(String role, String parts) {
        FactorNodes.Enrolled user = nodes.enrol("seen-by-" + role, SOURCE);
        for (int i = 0; i < 10; i++) {
            node.loginFrom("192.0.2.3", user.name(), "not the password");
        }
        String token = tokenOf(role);

        Response response = nodes.other.get("/user/" + user.userId() + "/overview", token);

        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.json().fieldNames()).toIterable().containsExactly(parts.split(","));
        List<String> causes = new ArrayList<>(List.of("WRONG_PASSWORD may block", "FACTOR_REQUIRED information"));
        if (role.equals("support")) {
            causes.add(0, "SOURCE_THROTTLED may block");
        }
        assertThat(causes(response.json().path("login"))).isEqualTo(causes);
        assertThat(response.json().at("/login/lastFailures")).hasSize(10);
        assertThat(response.body()).doesNotContain(user.secret());
        assertThat(node.get("/user/me/overview", token).status()).isEqualTo(200);
    }

    private static String tokenOf(String role) {
        String name = "a-" + role;
        Response created = node.post(
                "/user",
                node.adminToken(),
                json(Map.of("username", name, "password", PASSWORD, "roles", List.of("user", role))));
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        return node.token(name, PASSWORD);
    }

    @Test
    void otherCallersAndUnknownUsersAreRejected() {
        String id = nodes.create("plain");
        String token = node.token("plain", PASSWORD);

        assertThat(node.get("/user/" + id + "/overview", token).text("code")).isEqualTo("FORBIDDEN");
        assertThat(node.get("/user/me/overview", token).text("code")).isEqualTo("FORBIDDEN");
        assertThat(node.get("/user/me/overview", "").text("code")).isEqualTo("TOKEN_MISSING");
        String admin = node.adminToken();
        assertThat(node.get("/user/000000000000000000000000/overview", admin).text("code"))
                .isEqualTo("USER_NOT_FOUND");
        assertThat(node.get("/user/x/overview", admin).text("code")).isEqualTo("USER_NOT_FOUND");
        assertThat(node.get("/user/" + id + "/overview?part=audit", admin).status())
                .isEqualTo(400);
        assertThat(node.get("/mail?user=plain", admin)
                        .json()
                        .at("/errors/0/field")
                        .asText())
                .isEqualTo("user");
    }

    private static JsonNode overview(String id) {
        return overview(node, id);
    }

    private static JsonNode overview(Node on, String id) {
        Response response = on.get("/user/" + id + "/overview", on.adminToken());
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.json();
    }

    private static JsonNode mails(String id) {
        return node.get("/mail?user=" + id, node.adminToken()).json();
    }

    private static Set<String> statuses(JsonNode mails) {
        return Set.copyOf(mails.findValuesAsText("status"));
    }

    private static List<String> causes(JsonNode login) {
        List<String> causes = new ArrayList<>();
        login.path("causes")
                .forEach(cause -> causes.add(cause.path("code").asText() + " "
                        + cause.path("severity").asText()));
        return causes;
    }

    private static void setAddress(String id, String address) {
        Response changed = node.patch("/user/" + id, node.adminToken(), json(Map.of("email", address)));
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
    }

    private static void verify(String id, String address) {
        Response changed = node.send(
                "PUT",
                "/user/" + id + "/email",
                json(Map.of("email", address, "verified", true)),
                "Content-Type",
                "application/json",
                "auth",
                node.adminToken());
        assertThat(changed.status()).as(changed.body()).isEqualTo(204);
    }

    private static String imported(String line, String name) {
        String admin = node.adminToken();
        node.send("POST", "/user/import", line, "auth", admin, "Content-Type", "application/x-ndjson");
        JsonNode found = node.get("/user?q=" + name, admin).json();
        assertThat(found).hasSize(1);
        return found.path(0).path("_id").asText();
    }
}
