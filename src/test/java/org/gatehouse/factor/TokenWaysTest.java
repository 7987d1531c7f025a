package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.ApiDescription;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Tests every way to a token for an account with a second factor. The ways are derived from the API description, so a new
 * operation with a token in its response fails this test until its treatment of factors is written here.
 */
class TokenWaysTest {
    /** The operations that return a token, and how each treats an account with a factor. */
    private static final Map<String, String> WAYS_TO_A_TOKEN = Map.of(
            "post /login", "401 FACTOR_REQUIRED; no session exists yet",
            "post /login/factor", "requires a right code or passkey for the challenge",
            "post /login/step-up", "401 FACTOR_REQUIRED; the session keeps its earlier authentication",
            "post /login/passkey", "requires a passkey with user verification, which is a complete login",
            "post /token/refresh", "goes on with a session, whose authentication does not change",
            "post /token", "accepts services only, which have no factors",
            "post /factor/{id}/confirm", "requires step-up, with a factor if the account has one",
            "post /passkey", "requires step-up, with a factor if the account has one");

    /** The operations that accept a password, a proof or users, and how each treats an account with a factor. */
    private static final Map<String, String> USES_OF_CREDENTIALS = Map.of(
            "post /login", "see above",
            "post /login/step-up", "see above",
            "post /user", "creates another account",
            "put /user/{id}/password", "requires step-up",
            "patch /user/{id}", "requires step-up for the username",
            "put /user/{id}/email", "requires step-up",
            "post /password/reset", "401 FACTOR_REQUIRED; the proof remains valid",
            "post /email/confirm", "verifies an address only; a reset with the address requires the factor",
            "post /email/undo", "restores an address only; a reset with the address requires the factor",
            "post /invitation/accept", "creates another account");

    private static final Set<String> TOKENS = Set.of("token", "refreshToken", "access_token");
    private static final Set<String> CREDENTIALS = Set.of("password", "newPassword", "currentPassword", "proof");
    private static final String NEW_PASSWORD = "staple battery horse correct";

    private static final String STEP_UP = "INSUFFICIENT_USER_AUTHENTICATION";

    private static final ApiDescription description = ApiDescription.built();
    private static final MailServer mails = MailServer.start();
    private static final FactorNodes nodes = new FactorNodes(settings());
    private static final Node node = nodes.node;
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "holder-" + number.incrementAndGet();
    private final String address = name + "@example.com";
    private final String source = "203.0.113." + number.get();

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("RP_ID", "id.example");
        settings.put("RP_ORIGINS", "https://id.example");
        return settings;
    }

    @AfterAll
    static void stop() {
        nodes.close();
        mails.close();
    }

    @Test
    void everyOperationThatReturnsATokenIsJudged() {
        Set<String> found = new TreeSet<>();
        forEachOperation((route, operation) -> operation.path("responses").properties().stream()
                .filter(response -> response.getKey().startsWith("2"))
                .filter(response -> hasProperty(response.getValue(), TOKENS))
                .forEach(response -> found.add(route)));

        assertThat(found).isEqualTo(new TreeSet<>(WAYS_TO_A_TOKEN.keySet()));
    }

    @Test
    void everyOperationThatAcceptsACredentialIsJudged() {
        Set<String> found = new TreeSet<>();
        forEachOperation((route, operation) -> {
            if (hasProperty(operation.path("requestBody"), CREDENTIALS) && !route.equals("post /user/import")) {
                found.add(route);
            }
        });

        assertThat(found).contains("post /login", "post /password/reset", "put /user/{id}/password");
        assertThat(USES_OF_CREDENTIALS.keySet()).containsAll(found);
    }

    @Test
    void theLoginGivesNoTokenWithoutTheFactor() {
        Enrolled user = nodes.enrol(name, source);
        nodes.nextStep();
        int sessions = sessions(user);

        String challenge = assertNoToken(node.loginFrom(source, name, PASSWORD), 401, "FACTOR_REQUIRED")
                .text("challenge");

        assertNoToken(nodes.totp(node, source, challenge, nodes.code(user.secret(), 5)), 401, "FACTOR_WRONG");
        assertNoToken(
                nodes.factor(node, source, Map.of("challenge", challenge, "type", "recovery", "code", "000000")),
                401,
                "FACTOR_WRONG");
        assertThat(sessions(user))
                .as("no session of any kind exists before the factor")
                .isEqualTo(sessions);
        Response right = nodes.totp(node, source, challenge, nodes.code(user.secret()));
        assertThat(right.status()).as(right.body()).isEqualTo(200);
        assertThat(FactorNodes.claims(right.text("token")).path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertThat(sessions(user)).isEqualTo(sessions + 1);
    }

    @Test
    void anEarlierSessionGoesOnButDoesNotBecomeStronger() {
        String id = nodes.create(name);
        Response earlier = node.loginFrom(source, name, PASSWORD);
        Enrolled user =
                nodes.enrol(id, name, node.loginFrom(source, name, PASSWORD).text("token"));

        Response refreshed =
                node.post("/token/refresh", "", json(Map.of("refreshToken", earlier.text("refreshToken"))));

        assertThat(refreshed.status()).as(refreshed.body()).isEqualTo(200);
        String token = refreshed.text("token");
        JsonNode claims = FactorNodes.claims(token);
        assertThat(claims.path("acr").asText()).isEqualTo("urn:gatehouse:1");
        assertThat(claims.path("amr")).hasToString("[\"pwd\"]");

        assertNoToken(stepUp(token), 401, "FACTOR_REQUIRED");
        assertNoToken(node.post("/factor/totp", token, json(Map.of("name", "mine"))), 401, STEP_UP);
        assertNoToken(
                node.post("/factor/" + user.factorId() + "/confirm", token, json(Map.of("code", "000000"))),
                401,
                STEP_UP);
        assertNoToken(node.delete("/factor/" + user.factorId(), token), 401, STEP_UP);
        assertNoToken(node.post("/passkey/options", token, "{}"), 401, STEP_UP);
        assertNoToken(
                node.send(
                        "PUT",
                        "/user/" + id + "/password",
                        json(Map.of("currentPassword", PASSWORD, "newPassword", NEW_PASSWORD)),
                        "auth",
                        token,
                        "Content-Type",
                        "application/json"),
                401,
                STEP_UP);
        assertThat(nodes.challenge(name, source)).isNotEmpty();
    }

    @Test
    void theStepUpIsCompleteOnlyWithTheFactor() {
        Enrolled user = nodes.enrol(name, source);
        nodes.nextStep();

        String challenge =
                assertNoToken(stepUp(user.token()), 401, "FACTOR_REQUIRED").text("challenge");

        Response done = nodes.totp(node, source, challenge, nodes.code(user.secret()));
        assertThat(done.status()).as(done.body()).isEqualTo(200);
        assertThat(done.json().has("refreshToken")).isFalse();
    }

    private Response stepUp(String token) {
        return node.send(
                "POST",
                "/login/step-up",
                json(Map.of("password", PASSWORD)),
                "auth",
                token,
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                source);
    }

    @Test
    void theResetOfThePasswordNeedsTheFactorAndKeepsTheProof() {
        Enrolled user = nodes.enrol(name, source);
        verifyAddress(user);
        FactorNodes.post(node, source, "/password/forgot", Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");
        nodes.nextStep();

        Map<String, String> reset = new HashMap<>(Map.of("proof", proof, "newPassword", NEW_PASSWORD));
        String challenge = assertNoToken(
                        FactorNodes.post(node, source, "/password/reset", reset), 401, "FACTOR_REQUIRED")
                .text("challenge");
        reset.putAll(Map.of("challenge", challenge, "type", "totp", "code", nodes.code(user.secret(), 5)));
        assertNoToken(FactorNodes.post(node, source, "/password/reset", reset), 401, "FACTOR_WRONG");
        assertThat(nodes.challenge(name, source))
                .as("the password is unchanged")
                .isNotEmpty();

        reset.put("code", nodes.code(user.secret()));
        Response done = FactorNodes.post(node, source, "/password/reset", reset);
        assertThat(done.status()).as(done.body()).isEqualTo(204);
        assertNoToken(node.loginFrom(source, name, NEW_PASSWORD), 401, "FACTOR_REQUIRED");
    }

    @Test
    void anInvitationDoesNotLeadIntoAnExistingAccount() {
        Enrolled user = nodes.enrol(name, source);
        String invited = "invited-" + address;
        node.post("/invitation", node.adminToken(), json(Map.of("email", invited)));
        String proof = mails.await(invited, "invitation").proof("invitation");

        assertNoToken(
                FactorNodes.post(
                        node,
                        source,
                        "/invitation/accept",
                        Map.of("proof", proof, "username", name, "password", NEW_PASSWORD)),
                409,
                "USERNAME_TAKEN");
        assertThat(sessions(user)).isEqualTo(1);
    }

    @Test
    void anImportDoesNotRemoveTheFactorOfAnExistingAccount() {
        Enrolled user = nodes.enrol(name, source);
        for (Map<String, String> line : List.of(
                Map.of("username", name, "password", NEW_PASSWORD),
                Map.of("_id", user.userId(), "username", name, "password", NEW_PASSWORD))) {
            Response imported = node.send(
                    "POST",
                    "/user/import",
                    json(line),
                    "auth",
                    node.adminToken(),
                    "Content-Type",
                    "application/x-ndjson");
            assertThat(imported.status()).isEqualTo(200);
        }

        assertThat(nodes.challenge(name, source)).isNotEmpty();
        assertThat(node.loginFrom(source, name, NEW_PASSWORD).text("code")).isEqualTo("CREDENTIALS_WRONG");
    }

    @Test
    void tokensOfServicesAreNotForUsers() {
        Enrolled user = nodes.enrol(name, source);
        Response response = node.send(
                "POST",
                "/token",
                "grant_type=client_credentials&client_id=" + user.userId() + "&client_secret="
                        + PASSWORD.replace(' ', '+'),
                "Content-Type",
                "application/x-www-form-urlencoded");

        assertNoToken(response, 401, "CLIENT_WRONG");
    }

    /** The name of an account is not enough for a login with a passkey. */
    @Test
    void aLoginWithoutPasswordNeedsAPasskey() {
        Enrolled user = nodes.enrol(name, source);

        Response options = FactorNodes.post(node, source, "/login/passkey/options", Map.of());
        assertThat(options.status()).as(options.body()).isEqualTo(200);
        assertThat(options.json().path("allowCredentials").isEmpty()).isTrue();
        assertNoToken(
                FactorNodes.post(node, source, "/login/passkey", Map.of("credential", Map.of("id", user.factorId()))),
                401,
                "FACTOR_WRONG");
    }

    /** A verified address is another name for the login, and an unverified one is not. */
    @Test
    void theAddressIsNoWayAroundTheFactor() {
        Enrolled user = nodes.enrol(name, source);
        verifyAddress(user);

        assertNoToken(node.loginFrom(source, address, PASSWORD), 401, "FACTOR_REQUIRED");
    }

    @Test
    void aDisabledUserKeepsTheFactorsAndADeletedUserLosesThem() {
        Enrolled user = nodes.enrol(name, source);
        setStatus(user, "disabled");
        assertThat(node.loginFrom(source, name, PASSWORD).text("code")).isEqualTo("CREDENTIALS_WRONG");
        setStatus(user, "active");
        nodes.nextStep();

        String challenge = nodes.challenge(name, source);
        assertThat(nodes.totp(node, source, challenge, nodes.code(user.secret()))
                        .status())
                .isEqualTo(200);
        assertThat(nodes.stores.users().countDocuments(factorOf(user))).isEqualTo(1);

        assertThat(node.delete("/user/" + user.userId(), node.adminToken()).status())
                .isEqualTo(204);
        assertThat(nodes.stores.users().countDocuments(factorOf(user))).isZero();
        nodes.create(name);
        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(200);
    }

    private static Document factorOf(Enrolled user) {
        return new Document("_server.factors." + user.factorId(), new Document("$exists", true));
    }

    private static void setStatus(Enrolled user, String status) {
        assertThat(node.patch("/user/" + user.userId(), node.adminToken(), json(Map.of("status", status)))
                        .status())
                .isEqualTo(200);
    }

    private void verifyAddress(Enrolled user) {
        Response changed = node.send(
                "PUT",
                "/user/" + user.userId() + "/email",
                json(Map.of("email", address, "verified", true)),
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/json");
        assertThat(changed.status()).as(changed.body()).isEqualTo(204);
    }

    private static int sessions(Enrolled user) {
        return node.get("/user/" + user.userId() + "/session", node.adminToken())
                .json()
                .size();
    }

    private static Response assertNoToken(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).as(response.body()).isEqualTo(code);
        TOKENS.forEach(member -> assertThat(response.json().has(member)).isFalse());
        return response;
    }

    private interface Visitor {
        void visit(String route, JsonNode operation);
    }

    private static void forEachOperation(Visitor visitor) {
        description
                .document()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(operation -> operation.getValue().has("responses"))
                        .forEach(operation ->
                                visitor.visit(operation.getKey() + " " + path.getKey(), operation.getValue())));
    }

    /** Returns whether a schema below this node has a property with one of these names. */
    private static boolean hasProperty(JsonNode node, Set<String> names) {
        return hasProperty(node, names, Collections.newSetFromMap(new IdentityHashMap<>()));
    }

    private static boolean hasProperty(JsonNode reference, Set<String> names, Set<JsonNode> seen) {
        JsonNode node = description.resolve(reference);
        if (!node.isContainerNode() || !seen.add(node)) {
            return false;
        }
        boolean here =
                node.path("properties").properties().stream().anyMatch(property -> names.contains(property.getKey()));
        return here
                || node.properties().stream()
                        .filter(member ->
                                !Set.of("example", "examples", "headers").contains(member.getKey()))
                        .anyMatch(member -> hasProperty(member.getValue(), names, seen))
                || anyElement(node, names, seen);
    }

    private static boolean anyElement(JsonNode array, Set<String> names, Set<JsonNode> seen) {
        for (JsonNode element : array) {
            if (array.isArray() && hasProperty(element, names, seen)) {
                return true;
            }
        }
        return false;
    }
}
