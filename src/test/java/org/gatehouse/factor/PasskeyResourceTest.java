package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.claims;
import static org.gatehouse.factor.FactorNodes.json;
import static org.gatehouse.factor.PasskeyScene.ORIGIN;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.gatehouse.app.Node;
import org.gatehouse.factor.PasskeyAttacks.Attack;
import org.gatehouse.factor.TestAuthenticator.Algorithm;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the enrolment of passkeys, with two nodes. */
class PasskeyResourceTest {
    private static final FactorNodes nodes = new FactorNodes(PasskeyUser.SETTINGS);
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();
    private static final PasskeyUser victim = user();

    @AfterAll
    static void stop() {
        nodes.close();
    }

    private static PasskeyUser user() {
        return user(new TestAuthenticator(ORIGIN));
    }

    private static PasskeyUser user(TestAuthenticator authenticator) {
        int own = number.incrementAndGet();
        return new PasskeyUser(nodes, "user-" + own, "198.18." + own / 250 + "." + own % 250, authenticator);
    }

    @ParameterizedTest
    @EnumSource
    void addsAPasskey(Algorithm algorithm) {
        UUID keychain = UUID.fromString("fbfc3007-154e-4ecc-8c0b-6e020557d7bd");
        PasskeyUser user = user(new TestAuthenticator(algorithm, ORIGIN, keychain));

        Response added = user.add(node);

        assertThat(added.status()).as(added.body()).isEqualTo(201);
        assertThat(added.text("type")).isEqualTo("passkey");
        assertThat(added.text("name")).isEqualTo("iCloud Keychain");
        assertThat(added.json().path("recoveryCodes")).hasSize(10);
        JsonNode claims = claims(added.text("token"));
        assertThat(claims.path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertThat(claims.path("amr")).hasToString("[\"hwk\",\"mfa\",\"pwd\"]");
        JsonNode list = other.get("/factor", added.text("token")).json();
        assertThat(list.path("recoveryCodesLeft").asInt()).isEqualTo(10);
        JsonNode factor = list.path("factors").path(0);
        assertThat(factor.path("_id").asText()).isEqualTo(added.text("_id"));
        assertThat(factor.path("transports")).hasToString("[\"internal\"]");
        assertThat(factor.path("backupEligible").asBoolean()).isTrue();
        assertThat(factor.path("backedUp").asBoolean()).isTrue();
        assertThat(factor.path("aaguid").asText()).isEqualTo(keychain.toString());
        assertThat(factor.path("authenticator").asText()).isEqualTo("iCloud Keychain");
        assertThat(factor.has("publicKey")).isFalse();
        assertThat(nodes.audit(user.id)).contains("FACTOR_ADDED");
    }

    @Test
    void describesTheUserAndThePasskeysThatExist() {
        PasskeyUser user = user();
        JsonNode options = user.options(node);
        TestAuthenticator second = new TestAuthenticator(PasskeyScene.APP_ORIGIN);

        assertThat(options.path("challenge").asText()).matches("[A-Za-z0-9_-]{43}");
        assertThat(options.path("user"))
                .isEqualTo(Json.MAPPER
                        .createObjectNode()
                        .put("id", TestAuthenticator.encode(HexFormat.of().parseHex(user.id)))
                        .put("name", user.name)
                        .put("displayName", user.name));
        assertThat(options.path("excludeCredentials")).isEmpty();
        assertThat(user.add(node, user.authenticator.create(options), " laptop ")
                        .text("name"))
                .isEqualTo("laptop");

        JsonNode more = other.send("POST", "/passkey/options", "", "auth", stepUp(user), "X-Forwarded-For", user.source)
                .json();
        assertThat(more.path("excludeCredentials").path(0).path("id").asText())
                .isEqualTo(user.authenticator.credentialId());
        Response added = user.add(other, second.create(more), null);
        assertThat(added.status()).as(added.body()).isEqualTo(201);
        assertThat(added.text("name")).isEqualTo("Passkey");
        assertThat(added.json().has("recoveryCodes")).isFalse();
    }

    /** The session of the user has passed a factor, so the first token is sufficient, too. */
    private static String stepUp(PasskeyUser user) {
        return user.token;
    }

    @Test
    void aChallengeBelongsToASessionAndASourceAndWorksOnce() {
        PasskeyUser user = user();
        PasskeyUser stranger = user();
        String otherSession = node.loginFrom(user.source, user.name, PASSWORD).text("token");
        ObjectNode credential = user.authenticator.create(user.options(node));

        assertCode(PasskeyUser.add(node, credential, null, user.source, otherSession), 401, "CHALLENGE_INVALID");
        assertCode(PasskeyUser.add(node, credential, null, user.source, stranger.token), 401, "CHALLENGE_INVALID");
        assertCode(PasskeyUser.add(node, credential, null, "192.0.2.1", user.token), 401, "CHALLENGE_INVALID");
        assertThat(user.add(other, credential, null).status()).isEqualTo(201);
        assertCode(user.add(node, credential, null), 401, "CHALLENGE_INVALID");

        TestAuthenticator second = new TestAuthenticator(ORIGIN);
        ObjectNode late = second.create(user.options(node));
        nodes.clock.advance(ChallengeStore.LIFETIME);
        assertCode(user.add(node, late, null), 401, "CHALLENGE_INVALID");
    }

    /** Each request stores a challenge. */
    @Test
    void optionsAreLimited() {
        Response rejected = afterLimit(user());
        for (int retry = 0; retry < 2 && rejected.status() == 200; retry++) {
            // On a busy machine, Redis may not respond in time. Then the node counts alone.
            rejected = afterLimit(user());
        }

        assertCode(rejected, 429, "TOO_MANY_REQUESTS");
    }

    /** Requests options 300 times at one node, and returns the response of the other node to a further request. */
    private static Response afterLimit(PasskeyUser user) {
        for (int i = 0; i < 300; i++) {
            JsonNode unused = user.options(node);
        }
        return PasskeyUser.post(other, "/passkey/options", Json.MAPPER.createObjectNode(), user.source, user.token);
    }

    @Test
    void rejectsTheChallengeOfAnotherPurpose() {
        PasskeyUser user = user();
        ObjectNode options = (ObjectNode) user.options(node);
        options.set("challenge", PasskeyUser.loginOptions(node, user.source).get("challenge"));

        assertCode(user.add(node, user.authenticator.create(options), null), 401, "CHALLENGE_INVALID");
    }

    @Test
    void aChallengeAllowsFiveAttempts() {
        PasskeyUser user = user();
        JsonNode options = user.options(node);
        for (int i = 0; i < ChallengeStore.MAX_ATTEMPTS; i++) {
            ObjectNode wrong = user.authenticator.create(options, draft -> draft.rpId = "example.org");
            assertCode(user.add(node, wrong, null), 400, "CREDENTIAL_INVALID");
        }

        assertCode(user.add(node, user.authenticator.create(options), null), 401, "CHALLENGE_INVALID");
    }

    @Test
    void aCredentialBelongsToOneUser() {
        PasskeyUser owner = user();
        assertThat(owner.add(node).status()).isEqualTo(201);
        PasskeyUser thief = user(owner.authenticator);

        assertCode(thief.add(other), 400, "CREDENTIAL_INVALID");
        assertCode(owner.add(other), 400, "CREDENTIAL_INVALID");
        assertThat(node.get("/factor", thief.token).json().path("factors")).isEmpty();
    }

    @Test
    void ofTwoConcurrentEnrolmentsOfACredentialOneSucceeds() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 0; round < 10; round++) {
                TestAuthenticator authenticator = new TestAuthenticator(ORIGIN);
                PasskeyUser first = user(authenticator);
                PasskeyUser second = user(authenticator);
                ObjectNode firstCredential = authenticator.create(first.options(node));
                ObjectNode secondCredential = authenticator.create(second.options(other));
                List<Future<Response>> responses = threads.invokeAll(List.of(
                        () -> first.add(node, firstCredential, null), () -> second.add(other, secondCredential, null)));
                List<Integer> statuses = new ArrayList<>();
                for (Future<Response> response : responses) {
                    statuses.add(response.get().status());
                }
                assertThat(statuses).containsExactlyInAnyOrder(201, 400);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void anAccountHasTenPasskeysAtMost() {
        PasskeyUser user = user();
        ObjectNode surplus = new TestAuthenticator(ORIGIN).create(user.options(node));
        for (int i = 0; i < FactorEnrolment.MAX_PER_TYPE; i++) {
            assertThat(user.add(node, new TestAuthenticator(ORIGIN).create(user.options(node)), null)
                            .status())
                    .isEqualTo(201);
        }

        assertCode(
                PasskeyUser.post(node, "/passkey/options", Json.MAPPER.createObjectNode(), user.source, user.token),
                409,
                "FACTOR_LIMIT");
        assertCode(user.add(node, surplus, null), 409, "FACTOR_LIMIT");
    }

    @Test
    void requiresARecentAuthentication() {
        PasskeyUser user = user();
        ObjectNode credential = user.authenticator.create(user.options(node));
        nodes.clock.advance(Duration.ofMinutes(11));

        assertCode(user.add(node, credential, null), 401, "INSUFFICIENT_USER_AUTHENTICATION");
        assertCode(
                PasskeyUser.post(node, "/passkey/options", Json.MAPPER.createObjectNode(), user.source, user.token),
                401,
                "INSUFFICIENT_USER_AUTHENTICATION");
    }

    static Stream<Attack> attacks() {
        return PasskeyAttacks.registrations();
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void rejectsAttacks(Attack attack) {
        PasskeyUser user = user();
        ObjectNode credential = user.authenticator.create(user.options(node), attack.change());

        Response response = user.add(node, credential, null);

        assertThat(response.status()).as(response.body()).isIn(400, 401, 413);
        assertThat(other.get("/factor", user.token).json().path("factors")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"credential\":null}",
                "{\"credential\":\"\"}",
                "{\"credential\":[]}",
                "{\"credential\":{},\"name\":1}",
                "{\"credential\":{},\"name\":\"\"}",
                "{\"credential\":{},\"name\":\"a\\nb\"}",
                "{\"credential\":{},\"other\":1}",
            })
    void rejectsOtherBodies(String body) {
        Response response = node.post("/passkey", victim.token, body);

        assertCode(response, 400, "VALIDATION_FAILED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"id\":1,\"id\":2}", "{\"x\":[[[", "[]", "1"})
    void rejectsMalformedCredentials(String credential) {
        assertThat(node.post("/passkey", victim.token, "{\"credential\":" + credential + "}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void isForUsersOnly() {
        Response service =
                node.post("/service", node.adminToken(), json(Map.of("name", "billing", "roles", List.of())));
        String token = node.send(
                        "POST",
                        "/token",
                        "grant_type=client_credentials&client_id=" + service.text("_id") + "&client_secret="
                                + service.text("secret"),
                        "Content-Type",
                        "application/x-www-form-urlencoded")
                .text("access_token");

        assertThat(token).isNotEmpty();
        assertCode(node.post("/passkey/options", token, "{}"), 403, "FORBIDDEN");
        assertCode(node.post("/passkey", token, "{\"credential\":{}}"), 403, "FORBIDDEN");
        assertThat(node.post("/passkey/options", "", "{}").status()).isEqualTo(401);
    }

    @Test
    void respondsWith503WithoutARelyingParty() {
        try (Stores stores = new Stores();
                Node bare = Node.start(stores)) {
            assertCode(bare.post("/passkey/options", bare.adminToken(), "{}"), 503, "PASSKEYS_NOT_CONFIGURED");
            assertCode(bare.post("/passkey", bare.adminToken(), "{\"credential\":{}}"), 503, "PASSKEYS_NOT_CONFIGURED");
        }
    }

    private static void assertCode(Response response, int status, String code) {
        assertThat(response.text("code")).as(response.body()).isEqualTo(code);
        assertThat(response.status()).isEqualTo(status);
    }
}
