package org.gatehouse.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.claims;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests logins and step-ups with a second factor, with two nodes. */
class FactorLoginTest {
    private static final MailServer mails = MailServer.start();
    private static final FactorNodes nodes = new FactorNodes(settings());

    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "user-" + own;
    private final String source = "198.51.100." + own;

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("AUTH_EXPIRY", "3600000");
        return settings;
    }

    @AfterAll
    static void stop() {
        nodes.close();
        mails.close();
    }

    @Test
    void aLoginWithTheRightPasswordNeedsTheFactor() {
        Enrolled user = enrol();

        Response login = node.loginFrom(source, name, PASSWORD);

        assertThat(login.status()).isEqualTo(401);
        assertThat(login.text("code")).isEqualTo("FACTOR_REQUIRED");
        assertThat(login.body()).doesNotContain("token", "recovery");
        assertThat(login.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(login.text("challenge")).matches("[A-Za-z0-9_-]{43}");
        JsonNode factor = login.json().path("factors").path(0);
        assertThat(factor.path("_id").asText()).isEqualTo(user.factorId());
        assertThat(factor.path("type").asText()).isEqualTo("totp");
        assertThat(factor.path("name").asText()).isEqualTo("phone");
        assertThat(factor.size()).isEqualTo(3);

        Response second = nodes.totp(other, source, login.text("challenge"), nodes.code(user.secret()));
        assertThat(second.status()).isEqualTo(200);
        assertThat(second.text("message")).isEqualTo("Logged as " + name);
        assertThat(node.get("/user/me", second.text("token")).status()).isEqualTo(200);
        JsonNode claims = claims(second.text("token"));
        assertThat(claims.path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertThat(claims.path("amr")).hasToString("[\"mfa\",\"otp\",\"pwd\"]");
        assertThat(claims.path("auth_time").asLong())
                .isEqualTo(nodes.clock.instant().getEpochSecond());
        Response refreshed = node.post("/token/refresh", "", json(Map.of("refreshToken", second.text("refreshToken"))));
        assertThat(claims(refreshed.text("token")).path("acr").asText()).isEqualTo("urn:gatehouse:2");
    }

    @Test
    void aWrongPasswordDoesNotShowThatThereIsAFactor() {
        enrol();

        Response login = node.loginFrom(source, name, "wrong " + PASSWORD);

        assertThat(login.text("code")).isEqualTo("CREDENTIALS_WRONG");
    }

    @Test
    void aLoginWithoutAFactorShowsThePasswordOnly() {
        nodes.create(name);

        JsonNode claims = claims(node.loginFrom(source, name, PASSWORD).text("token"));

        assertThat(claims.path("acr").asText()).isEqualTo("urn:gatehouse:1");
        assertThat(claims.path("amr")).hasToString("[\"pwd\"]");
    }

    @Test
    void aCodeIsAcceptedOnceAndAChallengeHasOneSuccess() {
        Enrolled user = enrol();
        String code = nodes.code(user.secret());
        String first = challenge();
        String second = challenge();

        assertThat(nodes.totp(node, source, first, code).status()).isEqualTo(200);

        assertCode(nodes.totp(other, source, second, code), "FACTOR_WRONG");
        assertCode(nodes.totp(other, source, first, nodes.code(user.secret(), 1)), "CHALLENGE_INVALID");
        assertThat(nodes.totp(other, source, second, nodes.code(user.secret(), 1))
                        .status())
                .isEqualTo(200);
        nodes.nextStep();
        assertCode(nodes.totp(node, source, challenge(), nodes.code(user.secret(), -1)), "FACTOR_WRONG");
    }

    @Test
    void aChallengeAllowsFiveAttempts() {
        Enrolled user = enrol();
        String challenge = challenge();
        for (int i = 0; i < 5; i++) {
            assertCode(
                    nodes.totp(i % 2 == 0 ? node : other, source, challenge, nodes.wrongCode(user.secret())),
                    "FACTOR_WRONG");
        }

        assertCode(nodes.totp(node, source, challenge, nodes.code(user.secret())), "CHALLENGE_INVALID");
        assertThat(nodes.totp(node, source, challenge(), nodes.code(user.secret()))
                        .status())
                .isEqualTo(200);
        assertThat(nodes.audit(user.userId())).contains("FACTOR_FAILED", "LOGIN_SUCCEEDED");
    }

    @Test
    void aChallengeEndsAfterFiveMinutes() {
        Enrolled user = enrol();
        String challenge = challenge();

        nodes.clock.advance(Duration.ofMinutes(5));

        assertCode(nodes.totp(node, source, challenge, nodes.code(user.secret())), "CHALLENGE_INVALID");
    }

    @Test
    void aChallengeBelongsToItsSource() {
        Enrolled user = enrol();
        String challenge = challenge();

        assertCode(nodes.totp(node, "203.0.113.7", challenge, nodes.code(user.secret())), "CHALLENGE_INVALID");
        assertThat(nodes.totp(node, source, challenge, nodes.code(user.secret()))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aChallengeEndsWithThePasswordAndWithTheAccount() {
        Enrolled user = enrol();
        String beforePassword = challenge();
        Response changed = node.send(
                "PUT",
                "/user/me/password",
                json(Map.of("currentPassword", PASSWORD, "newPassword", "new " + PASSWORD)),
                "Content-Type",
                "application/json",
                "auth",
                user.token());
        assertThat(changed.status()).as(changed.body()).isEqualTo(204);
        assertCode(nodes.totp(node, source, beforePassword, nodes.code(user.secret())), "CHALLENGE_INVALID");

        Response login = node.loginFrom(source, name, "new " + PASSWORD);
        assertThat(node.patch("/user/" + user.userId(), node.adminToken(), "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);
        assertCode(nodes.totp(node, source, login.text("challenge"), nodes.code(user.secret())), "CHALLENGE_INVALID");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "12345", "1234567", "abcdef", "１２３４５６", "123456\u0000", "+12345", "-12345", "1e5000"})
    void codesOfAnotherFormAreWrong(String code) {
        enrol();

        assertCode(nodes.totp(node, source, challenge(), code), "FACTOR_WRONG");
    }

    @Test
    void badRequestsChangeNothing() {
        Enrolled user = enrol();
        String challenge = challenge();
        String code = nodes.code(user.secret());
        for (String body : new String[] {
            "{}",
            "[]",
            "{\"challenge\":1,\"type\":\"totp\",\"code\":\"" + code + "\"}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"sms\",\"code\":\"" + code + "\"}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"totp\",\"code\":123456}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"totp\"}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"passkey\",\"code\":\"" + code + "\"}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"totp\",\"code\":\"" + code + "\",\"id\":7}",
            "{\"challenge\":\"" + challenge + "\",\"type\":\"totp\",\"code\":\"" + code + "\",\"other\":7}",
        }) {
            Response response = node.send(
                    "POST", "/login/factor", body, "Content-Type", "application/json", "X-Forwarded-For", source);
            assertThat(response.status()).as(body).isEqualTo(400);
        }

        assertThat(nodes.totp(node, source, challenge, code).status()).isEqualTo(200);
    }

    @Test
    void theFactorOfAnotherUserIsWrong() {
        Enrolled user = enrol();
        Enrolled stranger = nodes.enrol("stranger-" + own, source);
        nodes.nextStep();

        assertCode(nodes.totp(node, source, challenge(), nodes.code(stranger.secret())), "FACTOR_WRONG");
        assertCode(
                nodes.factor(
                        node,
                        source,
                        Map.of(
                                "challenge",
                                challenge(),
                                "type",
                                "totp",
                                "id",
                                stranger.factorId(),
                                "code",
                                nodes.code(user.secret()))),
                "FACTOR_WRONG");
    }

    @Test
    void aRecoveryCodeWorksOnceInAnySpelling() {
        Enrolled user = enrol();
        String code = user.recoveryCodes().get(3);

        Response login = recovery(code.toLowerCase(Locale.ROOT).replace("-", ""));

        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(login.json().path("recoveryCodesLeft").asInt()).isEqualTo(9);
        assertThat(claims(login.text("token")).path("acr").asText()).isEqualTo("urn:gatehouse:2");
        assertCode(recovery(code), "FACTOR_WRONG");
        assertThat(recovery(user.recoveryCodes().get(4))
                        .json()
                        .path("recoveryCodesLeft")
                        .asInt())
                .isEqualTo(8);
        assertThat(nodes.audit(user.userId())).contains("RECOVERY_CODE_USED");
    }

    @Test
    void aStepUpNeedsTheFactorAndReturnsATokenOfTheSameSession() {
        Enrolled user = enrol();
        Response login = nodes.totp(node, source, challenge(), nodes.code(user.secret()));
        String token = login.text("token");
        nodes.nextStep();

        Response wrong = stepUp(token, "wrong");
        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.body()).contains("\"password\"");
        Response required = stepUp(token, PASSWORD);
        assertCode(required, "FACTOR_REQUIRED");
        Response done = nodes.totp(other, source, required.text("challenge"), nodes.code(user.secret()));

        assertThat(done.status()).as(done.body()).isEqualTo(200);
        assertThat(done.json().has("refreshToken")).isFalse();
        assertThat(claims(done.text("token")).path("sid"))
                .isEqualTo(claims(token).path("sid"));
        assertThat(claims(done.text("token")).path("auth_time").asLong())
                .isEqualTo(claims(token).path("auth_time").asLong() + 30);
        assertThat(nodes.audit(user.userId())).contains("STEP_UP_SUCCEEDED");
    }

    @Test
    void aStepUpOfAnEndedSessionIsRejected() {
        Enrolled user = enrol();
        String token =
                nodes.totp(node, source, challenge(), nodes.code(user.secret())).text("token");
        nodes.nextStep();
        Response required = stepUp(token, PASSWORD);
        assertThat(node.post("/logout", token, "").status()).isEqualTo(200);

        assertCode(nodes.totp(other, source, required.text("challenge"), nodes.code(user.secret())), "SESSION_ENDED");
    }

    @Test
    void sourcesOfLoginsBeforeTheFactorAreStrangers() {
        String id = nodes.create(name);
        assertThat(node.loginFrom("203.0.113.250", name, PASSWORD).status()).isEqualTo(200);
        nodes.nextStep();
        Enrolled user =
                nodes.enrol(id, name, node.loginFrom(source, name, PASSWORD).text("token"));
        nodes.nextStep();
        for (int challenges = 0; challenges < 6; challenges++) {
            String challenge = nodes.challenge(name, "203.0.113.250");
            for (int attempt = 0; attempt < 4; attempt++) {
                assertCode(
                        nodes.totp(node, "203.0.113.250", challenge, nodes.wrongCode(user.secret())), "FACTOR_WRONG");
            }
        }

        JsonNode counts =
                node.get("/user/" + id + "/throttle", node.adminToken()).json();
        assertThat(counts.path("factors").path("strangers").path("failures").asInt())
                .isEqualTo(24);
        assertThat(counts.path("factors").path("sources")).isEmpty();
    }

    @Test
    void withSeveralDevicesTheIdIsRequired() {
        Enrolled user = enrol();
        Enrolled second = nodes.enrol(user.userId(), name, user.token());
        nodes.nextStep();
        String challenge = challenge();

        Response missing = nodes.totp(node, source, challenge, nodes.code(user.secret()));
        assertThat(missing.status()).isEqualTo(400);
        assertThat(missing.body()).contains("\"id\"");
        Response login = nodes.factor(
                node,
                source,
                Map.of(
                        "challenge",
                        challenge,
                        "type",
                        "totp",
                        "id",
                        second.factorId(),
                        "code",
                        nodes.code(second.secret())));
        assertThat(login.status()).as(login.body()).isEqualTo(200);
    }

    @Test
    void anAddressChangeFromBeforeTheFactorIsVoid() {
        String id = nodes.create(name);
        Response started = node.send(
                "PUT",
                "/user/" + id + "/email",
                json(Map.of("email", name + "@example.com", "currentPassword", PASSWORD)),
                "Content-Type",
                "application/json",
                "auth",
                node.loginFrom(source, name, PASSWORD).text("token"));
        assertThat(started.status()).isEqualTo(202);
        String proof = mails.await(name + "@example.com", "change").proof("change");
        nodes.enrol(id, name, node.loginFrom(source, name, PASSWORD).text("token"));

        Response confirmed = node.post("/email/confirm", "", json(Map.of("proof", proof, "password", PASSWORD)));

        assertThat(confirmed.status()).isEqualTo(400);
        assertThat(confirmed.text("code")).isEqualTo("PROOF_INVALID");
    }

    @Test
    void onlyARecentAuthenticationMakesAnAdministrator() {
        String id = nodes.create(name);
        String admin = node.adminToken();
        String services = node.post("/service", admin, "{\"name\":\"" + name + "\",\"roles\":[]}")
                .text("_id");
        nodes.clock.advance(Duration.ofMinutes(11));

        for (Response response : new Response[] {
            node.patch("/user/" + id, admin, "{\"roles\":[\"admin\"]}"),
            node.post(
                    "/user",
                    admin,
                    json(Map.of("username", "new-" + name, "password", PASSWORD, "roles", List.of("admin")))),
            node.post("/invitation", admin, json(Map.of("email", "a@example.com", "roles", List.of("admin")))),
            node.patch("/service/" + services, admin, "{\"roles\":[\"admin\"]}"),
            node.send("POST", "/user/import", "{}", "auth", admin, "Content-Type", "application/x-ndjson")
        }) {
            assertCode(response, "INSUFFICIENT_USER_AUTHENTICATION");
        }
        assertThat(node.patch("/user/" + id, admin, "{\"roles\":[\"editor\"]}").status())
                .isEqualTo(200);
        assertThat(node.patch("/user/" + id, node.adminToken(), "{\"roles\":[\"admin\"]}")
                        .status())
                .isEqualTo(200);
    }

    private Enrolled enrol() {
        Enrolled user = nodes.enrol(name, source);
        nodes.nextStep();
        return user;
    }

    private String challenge() {
        return nodes.challenge(name, source);
    }

    private Response recovery(String code) {
        return nodes.factor(node, source, Map.of("challenge", challenge(), "type", "recovery", "code", code));
    }

    private Response stepUp(String token, String password) {
        return node.send(
                "POST",
                "/login/step-up",
                json(Map.of("password", password)),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                source,
                "auth",
                token);
    }

    private static void assertCode(Response response, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo(code);
    }
}
