package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.claims;
import static org.gatehouse.factor.PasskeyScene.APP_ORIGIN;
import static org.gatehouse.factor.PasskeyScene.ORIGIN;
import static org.gatehouse.factor.PasskeyUser.logIn;
import static org.gatehouse.factor.PasskeyUser.loginOptions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bson.types.ObjectId;
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

/** Tests logins with passkeys, alone and after the password, with two nodes. */
class PasskeyLoginTest {
    private static final FactorNodes nodes = new FactorNodes(PasskeyUser.SETTINGS);
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();
    private static final PasskeyUser victim = enrolled(new TestAuthenticator(ORIGIN));

    /** The number of attacks on one account. At 100 wrong responses, the account is throttled. */
    private static final int ATTACKS_PER_USER = 50;

    private static final AtomicInteger attackCount = new AtomicInteger();
    private static PasskeyUser attacked = victim;

    /** Each test has its own source, because the number of options for one source is limited. */
    private final String source = "203.0.113." + number.incrementAndGet() % 250;

    @AfterAll
    static void stop() {
        nodes.close();
    }

    private static PasskeyUser enrolled(TestAuthenticator authenticator) {
        int own = number.incrementAndGet();
        PasskeyUser user =
                new PasskeyUser(nodes, "user-" + own, "198.18." + own / 250 + "." + own % 250, authenticator);
        Response added = user.add(node);
        assertThat(added.status()).as(added.body()).isEqualTo(201);
        return user;
    }

    @ParameterizedTest
    @EnumSource
    void aPasskeyIsACompleteLogin(Algorithm algorithm) {
        PasskeyUser user = enrolled(new TestAuthenticator(algorithm, ORIGIN, new UUID(0, 0)));
        JsonNode options = loginOptions(node, source);

        Response login = logIn(other, source, user.authenticator.get(options));

        assertThat(options.path("rpId").asText()).isEqualTo("example.com");
        assertThat(options.path("userVerification").asText()).isEqualTo("required");
        assertThat(options.path("allowCredentials")).isEmpty();
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(login.json().path("user").path("_id").asText()).isEqualTo(user.id);
        assertThat(login.text("refreshToken")).isNotEmpty();
        JsonNode claims = claims(login.text("token"));
        assertThat(claims.path("amr")).hasToString("[\"hwk\",\"mfa\"]");
        assertThat(claims.path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertThat(node.get("/factor", login.text("token"))
                        .json()
                        .path("factors")
                        .path(0)
                        .has("lastUsedAt"))
                .isTrue();
    }

    @Test
    void aLoginWithAPasskeyMayUseTheSessionCookie() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));

        Response rejected = logInByCookie(user, "cross-site");
        assertCode(rejected, 403, "COOKIE_NOT_ALLOWED");
        assertThat(rejected.headers().map()).doesNotContainKey("set-cookie");
        Response login = logInByCookie(user, "same-origin");
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(login.json().has("refreshToken")).isFalse();
        assertThat(login.header("Set-Cookie")).startsWith("__Host-gatehouse=");
    }

    @Test
    void aLeavingUserIsToldAfterThePasskeyAndMayKeepTheAccount() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));
        Response login = logIn(node, source, user.authenticator.get(loginOptions(node, source)));
        Response left = node.persistently(() -> node.delete("/user/me", login.text("token")));
        assertThat(left.status()).as(left.body()).isEqualTo(202);

        Response told = logIn(other, source, user.authenticator.get(loginOptions(other, source)));
        assertCode(told, 403, "ACCOUNT_LEAVING");
        assertThat(told.text("deletedAfter")).isEqualTo(left.text("deletedAfter"));

        ObjectNode body = Json.MAPPER.createObjectNode().put("keepAccount", true);
        body.set("credential", user.authenticator.get(loginOptions(node, source)));
        Response kept = PasskeyUser.post(node, "/login/passkey", body, source, "");
        assertThat(kept.status()).as(kept.body()).isEqualTo(200);
        assertThat(other.get("/user/me", kept.text("token")).text("status")).isEqualTo("active");
    }

    private Response logInByCookie(PasskeyUser user, String site) {
        ObjectNode body = Json.MAPPER.createObjectNode().put("session", "cookie");
        body.set("credential", user.authenticator.get(loginOptions(node, source)));
        return node.send(
                "POST",
                "/login/passkey",
                body.toString(),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                source,
                "Origin",
                ORIGIN,
                "Sec-Fetch-Site",
                site);
    }

    @Test
    void checksOfPasskeysAreCountedAndRecorded() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));
        ObjectNode unverified = user.authenticator.get(
                loginOptions(node, source), draft -> draft.flags = TestAuthenticator.USER_PRESENT);

        assertCode(logIn(node, source, unverified), 401, "FACTOR_WRONG");
        assertThat(logIn(node, source, user.authenticator.get(loginOptions(node, source)))
                        .status())
                .isEqualTo(200);

        assertThat(nodes.audit(user.id)).contains("FACTOR_FAILED", "LOGIN_SUCCEEDED");
        assertThat(node.get("/metrics", "").body())
                .contains(
                        "gatehouse_factor_checks_total{outcome=\"right\",type=\"passkey\"}",
                        "gatehouse_factor_checks_total{outcome=\"wrong\",type=\"passkey\"}");
    }

    @Test
    void aPasskeyIsASecondFactor() {
        PasskeyUser user = enrolled(new TestAuthenticator(APP_ORIGIN));

        Response required = node.loginFrom(source, user.name, PASSWORD);
        JsonNode options = required.json().path("passkey");

        assertThat(required.text("code")).isEqualTo("FACTOR_REQUIRED");
        assertThat(options.path("challenge").asText()).isEqualTo(required.text("challenge"));
        assertThat(options.path("allowCredentials").path(0).path("id").asText())
                .isEqualTo(user.authenticator.credentialId());
        Response login = logIn(other, source, required.text("challenge"), user.authenticator.get(options));
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(claims(login.text("token")).path("amr")).hasToString("[\"hwk\",\"mfa\",\"pwd\"]");
    }

    @Test
    void aChallengeWorksOnceAndAtItsSource() {
        ObjectNode credential = victim.authenticator.get(loginOptions(node, source));

        assertCode(logIn(node, "192.0.2.9", credential), 401, "CHALLENGE_INVALID");
        assertThat(logIn(node, source, credential).status()).isEqualTo(200);
        assertCode(logIn(other, source, credential), 401, "CHALLENGE_INVALID");

        ObjectNode late = victim.authenticator.get(loginOptions(node, source));
        nodes.clock.advance(ChallengeStore.LIFETIME);
        assertCode(logIn(node, source, late), 401, "CHALLENGE_INVALID");
    }

    @Test
    void rejectsTheChallengeOfAnotherPurpose() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));
        JsonNode required = node.loginFrom(source, user.name, PASSWORD).json();
        ObjectNode secondStep = user.authenticator.get(required.path("passkey"));
        JsonNode options = loginOptions(node, source);
        ObjectNode alone = user.authenticator.get(options);
        ObjectNode enrolment = (ObjectNode) loginOptions(node, source);
        enrolment.set("challenge", user.options(node).get("challenge"));

        assertCode(logIn(node, source, secondStep), 401, "CHALLENGE_INVALID");
        assertCode(logIn(node, source, options.path("challenge").asText(), alone), 401, "CHALLENGE_INVALID");
        assertCode(logIn(node, user.source, user.authenticator.get(enrolment)), 401, "CHALLENGE_INVALID");
        assertCode(logIn(node, source, required.path("challenge").asText(), alone), 401, "FACTOR_WRONG");
        assertThat(logIn(node, source, required.path("challenge").asText(), secondStep)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void rejectsThePasskeyOfAnotherUser() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));
        Response required = node.loginFrom(source, user.name, PASSWORD);
        JsonNode options = required.json().path("passkey");
        JsonNode handle =
                TestAuthenticator.response(user.authenticator.get(options)).get("userHandle");

        assertCode(
                logIn(node, source, required.text("challenge"), victim.authenticator.get(options)),
                401,
                "FACTOR_WRONG");
        ObjectNode borrowed = victim.authenticator.get(
                loginOptions(node, source),
                draft -> draft.credential =
                        credential -> TestAuthenticator.response(credential).set("userHandle", handle));
        assertCode(logIn(node, source, borrowed), 401, "FACTOR_WRONG");
    }

    @Test
    void requiresTheUserHandleForALoginWithoutAPassword() {
        for (String change : new String[] {"absent", "null"}) {
            ObjectNode credential = victim.authenticator.get(loginOptions(node, source));
            if (change.equals("null")) {
                TestAuthenticator.response(credential).putNull("userHandle");
            } else {
                TestAuthenticator.response(credential).remove("userHandle");
            }
            assertCode(logIn(node, source, credential), 401, "FACTOR_WRONG");
        }
    }

    @Test
    void rejectsADisabledUserAndARemovedPasskey() {
        PasskeyUser disabled = enrolled(new TestAuthenticator(ORIGIN));
        PasskeyUser removed = enrolled(new TestAuthenticator(ORIGIN));
        String factor = node.get("/factor", removed.token)
                .json()
                .path("factors")
                .path(0)
                .path("_id")
                .asText();
        assertThat(node.patch("/user/" + disabled.id, node.adminToken(), "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);
        assertThat(node.delete("/factor/" + factor, removed.token).status()).isEqualTo(204);

        assertCode(logIn(other, source, disabled.authenticator.get(loginOptions(node, source))), 401, "FACTOR_WRONG");
        assertCode(logIn(other, source, removed.authenticator.get(loginOptions(node, source))), 401, "FACTOR_WRONG");
    }

    @Test
    void aCounterThatGoesBackIsRecordedButAccepted() {
        TestAuthenticator counting = new TestAuthenticator(ORIGIN);
        counting.count(40);
        PasskeyUser user = enrolled(counting);
        assertThat(logIn(node, source, counting.get(loginOptions(node, source))).status())
                .isEqualTo(200);
        assertThat(nodes.audit(user.id)).doesNotContain("PASSKEY_COUNTER_DECREASED");

        counting.count(20);

        assertThat(logIn(node, source, counting.get(loginOptions(node, source))).status())
                .isEqualTo(200);
        assertThat(nodes.audit(user.id)).contains("PASSKEY_COUNTER_DECREASED");
        counting.count(41);
        assertThat(logIn(node, source, counting.get(loginOptions(node, source))).status())
                .isEqualTo(200);
        assertThat(nodes.audit(user.id).stream()
                        .filter("PASSKEY_COUNTER_DECREASED"::equals)
                        .count())
                .isEqualTo(1);
    }

    @Test
    void aWrongResponseOfAKnownPasskeyIsRecorded() {
        PasskeyUser user = enrolled(new TestAuthenticator(ORIGIN));
        ObjectNode stranger = new TestAuthenticator(ORIGIN)
                .get(
                        loginOptions(node, source),
                        draft -> draft.credential = credential -> TestAuthenticator.response(credential)
                                .put("userHandle", TestAuthenticator.encode(new ObjectId(user.id).toByteArray())));
        assertCode(logIn(node, source, stranger), 401, "FACTOR_WRONG");
        assertThat(nodes.audit(user.id)).doesNotContain("FACTOR_FAILED");

        ObjectNode unverified = user.authenticator.get(
                loginOptions(node, source), draft -> draft.flags &= ~TestAuthenticator.USER_VERIFIED);
        assertCode(logIn(node, source, unverified), 401, "FACTOR_WRONG");
        assertThat(nodes.audit(user.id)).contains("FACTOR_FAILED");
    }

    /** Two requests with the same response are no sign of a copied authenticator. */
    @Test
    void aRepeatedResponseIsNoDecreasedCounter() {
        TestAuthenticator counting = new TestAuthenticator(ORIGIN);
        counting.count(40);
        PasskeyUser user = enrolled(counting);
        ObjectNode credential = counting.get(loginOptions(node, source));

        List<Integer> statuses = Stream.of(node, other, node, other)
                .parallel()
                .map(to -> logIn(to, source, credential).status())
                .toList();

        assertThat(statuses).containsOnlyOnce(200);
        assertThat(nodes.audit(user.id)).doesNotContain("PASSKEY_COUNTER_DECREASED");
    }

    static Stream<Attack> attacks() {
        return PasskeyAttacks.assertions();
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void rejectsAttacks(Attack attack) {
        ObjectNode credential = victim.authenticator.get(loginOptions(node, source), attack.change());

        Response response = logIn(other, source, credential);

        assertThat(response.status()).as(response.body()).isIn(400, 401, 413);
        assertThat(response.body()).doesNotContain("token");
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void rejectsAttacksAfterThePassword(Attack attack) {
        if (attackCount.getAndIncrement() % ATTACKS_PER_USER == 0) {
            attacked = enrolled(new TestAuthenticator(ORIGIN));
        }
        Response required = node.loginFrom(source, attacked.name, PASSWORD);
        ObjectNode credential = attacked.authenticator.get(required.json().path("passkey"), attack.change());

        Response response = logIn(other, source, required.text("challenge"), credential);

        assertThat(response.status()).as(response.body()).isIn(400, 401, 413);
        assertThat(response.body()).doesNotContain("token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "1", "\"x\"", "[]", "{}", "{\"id\":1,\"id\":2}", "{\"response\":{}}"})
    void rejectsOtherCredentials(String credential) {
        Response response = node.send(
                "POST",
                "/login/passkey",
                "{\"credential\":" + credential + "}",
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                source);

        assertThat(response.status()).as(response.body()).isIn(400, 401);
    }

    @Test
    void respondsWith503WithoutARelyingParty() {
        try (Stores stores = new Stores();
                Node bare = Node.start(stores)) {
            ObjectNode nothing = Json.MAPPER.createObjectNode();
            assertCode(
                    PasskeyUser.post(bare, "/login/passkey/options", nothing, "", ""), 503, "PASSKEYS_NOT_CONFIGURED");
            assertCode(logIn(bare, "", victim.authenticator.get(nothing)), 503, "PASSKEYS_NOT_CONFIGURED");
        }
    }

    private static void assertCode(Response response, int status, String code) {
        assertThat(response.text("code")).as(response.body()).isEqualTo(code);
        assertThat(response.status()).isEqualTo(status);
    }
}
