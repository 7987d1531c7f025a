package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.account.AccountNodes.NEW_PASSWORD;
import static org.gatehouse.account.AccountNodes.PASSWORD;
import static org.gatehouse.account.AccountNodes.assertProofInvalid;
import static org.gatehouse.account.AccountNodes.json;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests forgotten passwords, with two nodes and a mail server. */
class PasswordRecoveryTest {
    private static final String ACCEPTED =
            "{\"status\":\"success\",\"message\":\"If the account exists, a mail is on its way.\"}";

    private static final AccountNodes nodes = new AccountNodes();
    private static final MailServer mails = nodes.mails;
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "user-" + own;
    private final String address = name + "@example.com";
    private final String source = "198.51.100." + own;

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void theOwnerOfAVerifiedAddressSetsANewPassword() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);

        Response accepted = forgot(node, Map.of("email", "USER-" + own + "@Example.COM"));

        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.body()).isEqualTo(ACCEPTED);
        MailServer.Received mail = mails.await(address, "reset");
        assertThat(mail.text()).contains(name);
        assertThat(reset(node, mail.proof("reset"), NEW_PASSWORD).status()).isEqualTo(204);
        assertThat(other.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(node.login(name, PASSWORD).status()).isEqualTo(401);
        assertThat(other.login(address, NEW_PASSWORD)
                        .json()
                        .path("user")
                        .path("_id")
                        .asText())
                .isEqualTo(id);
        assertThat(mails.await(address, "notice-password").text()).contains(name);
        assertProofInvalid(reset(other, mail.proof("reset"), PASSWORD));
    }

    @Test
    void theOwnerAsksByUsername() {
        nodes.createVerified(name, address);

        assertThat(forgot(node, Map.of("username", name.toUpperCase(Locale.ROOT)))
                        .status())
                .isEqualTo(202);

        assertThat(reset(node, mails.await(address, "reset").proof("reset"), NEW_PASSWORD)
                        .status())
                .isEqualTo(204);
    }

    @Test
    void theOnlyAccountWithAnUnverifiedAddressIsReachedAndItsAddressVerified() {
        String id = nodes.createWith(name, address);

        forgot(node, Map.of("email", address));

        assertThat(reset(node, mails.await(address, "reset").proof("reset"), NEW_PASSWORD)
                        .status())
                .isEqualTo(204);
        assertThat(nodes.user(id).path("emailVerified").isTextual()).isTrue();
        assertThat(node.login(address, NEW_PASSWORD).status()).isEqualTo(200);
    }

    /** Another person may have deleted the account, and may have changed its password before. */
    @ParameterizedTest
    @ValueSource(strings = {"email", "username"})
    void theOwnerOfALeavingAccountSetsANewPasswordAndKeepsTheAccount(String by) {
        String id = nodes.createVerified(name, address);
        Response left = node.delete("/user/me", node.token(name, PASSWORD));
        assertThat(left.status()).isEqualTo(202);

        forgot(other, Map.of(by, by.equals("email") ? address : name));

        String proof = mails.await(address, "reset").proof("reset");
        assertThat(reset(node, proof, NEW_PASSWORD).status()).isEqualTo(204);
        assertThat(nodes.user(id).path("status").asText()).isEqualTo("leaving");
        assertThat(nodes.user(id).path("deletedAfter").asText()).isEqualTo(left.text("deletedAfter"));
        assertThat(other.login(name, PASSWORD).text("code")).isEqualTo("CREDENTIALS_WRONG");
        assertThat(other.login(name, NEW_PASSWORD).text("code")).isEqualTo("ACCOUNT_LEAVING");
        Map<String, ?> keep = Map.of("username", name, "password", NEW_PASSWORD, "keepAccount", true);
        assertThat(node.post("/login", "", json(keep)).status()).isEqualTo(200);
        assertThat(nodes.user(id).path("status").asText()).isEqualTo("active");
    }

    @Test
    void aUserWhoIsDisabledAfterTheMailCannotSetAPassword() {
        String id = nodes.createVerified(name, address);
        node.delete("/user/me", node.token(name, PASSWORD));
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");
        assertThat(node.patch("/user/" + id, node.adminToken(), "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        assertProofInvalid(reset(other, proof, NEW_PASSWORD));
    }

    @Test
    void theOwnerOfALeavingAccountNeedsTheSecondFactor() {
        String id = nodes.createVerified(name, address);
        String token = node.token(name, PASSWORD);
        Response added = node.post("/factor/totp", token, "{\"name\":\"phone\"}");
        Response confirmed = node.post(
                "/factor/" + added.text("_id") + "/confirm",
                token,
                json(Map.of("code", FactorNodes.codeAt(added.text("secret"), nodes.clock.instant()))));
        assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        assertThat(node.delete("/user/me", confirmed.text("token")).status()).isEqualTo(202);
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");

        Response asked = reset(other, proof, NEW_PASSWORD);

        assertThat(asked.text("code")).isEqualTo("FACTOR_REQUIRED");
        Map<String, ?> body = Map.of(
                "proof",
                proof,
                "newPassword",
                NEW_PASSWORD,
                "challenge",
                asked.text("challenge"),
                "type",
                "recovery",
                "code",
                confirmed.json().path("recoveryCodes").path(0).asText());
        Response done = node.post("/password/reset", "", json(body));
        assertThat(done.status()).as(done.body()).isEqualTo(204);
        assertThat(nodes.user(id).path("status").asText()).isEqualTo("leaving");
    }

    @Test
    void anAccountIsReachedByNameEvenIfAnotherClaimsItsAddress() {
        nodes.createWith(name, address);
        nodes.createWith("claims-" + name, address);

        forgot(node, Map.of("username", name));

        assertThat(mails.await(address, "reset").text()).contains(name);
    }

    @Test
    void sharedUnknownAndDisabledAddressesGetTheSameAnswerAndNoMail() {
        nodes.createWith(name, address);
        nodes.createWith(name + "-twin", address);
        String disabled = nodes.createVerified(name + "-disabled", "disabled-" + address);
        assertThat(node.patch("/user/" + disabled, node.adminToken(), "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        for (String to : List.of(address, "unknown-" + address, "disabled-" + address)) {
            Response accepted = forgot(node, Map.of("email", to));
            assertThat(accepted.status()).isEqualTo(202);
            assertThat(accepted.body()).isEqualTo(ACCEPTED);
            nodes.awaitRow(to, "void");
            assertThat(mails.received(to, "reset")).isEmpty();
        }
    }

    @Test
    void aProofExpires() {
        nodes.createVerified(name, address);
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");

        nodes.clock.advance(Duration.ofMinutes(10));

        assertProofInvalid(reset(node, proof, NEW_PASSWORD));
    }

    @ParameterizedTest
    @ValueSource(strings = {"password", "email", "status"})
    void aProofIsVoidAfterAChangeOf(String what) {
        String id = nodes.createVerified(name, address);
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");

        Response changed = switch (what) {
            case "password" -> put("/user/" + id + "/password", Map.of("newPassword", NEW_PASSWORD));
            case "email" -> node.patch("/user/" + id, node.adminToken(), "{\"email\":\"x-" + address + "\"}");
            default -> node.patch("/user/" + id, node.adminToken(), "{\"status\":\"disabled\"}");
        };

        assertThat(changed.status()).isLessThan(300);
        if (what.equals("status")) {
            node.patch("/user/" + id, node.adminToken(), "{\"status\":\"active\"}");
        }
        assertProofInvalid(reset(node, proof, "another " + NEW_PASSWORD));
    }

    @Test
    void aRejectedPasswordKeepsTheProof() {
        nodes.createVerified(name, address);
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");

        Response rejected = reset(node, proof, "short");

        assertThat(rejected.status()).isEqualTo(400);
        assertThat(rejected.json().path("errors").path(0).path("field").asText())
                .isEqualTo("newPassword");
        assertThat(reset(node, proof, NEW_PASSWORD).status()).isEqualTo(204);
    }

    @Test
    void everyInvalidProofHasTheSameAnswer() {
        String id = nodes.createVerified(name, address);
        forgot(node, Map.of("email", address));
        String proof = mails.await(address, "reset").proof("reset");
        String otherId = nodes.createVerified(name + "-other", "other-" + address);
        forgot(node, Map.of("email", "other-" + address));
        String foreign = mails.await("other-" + address, "reset").proof("reset");

        List<Response> rejected = List.of(
                reset(node, "x".repeat(59), NEW_PASSWORD),
                reset(node, "", NEW_PASSWORD),
                reset(node, proof + "A", NEW_PASSWORD),
                reset(node, proof.substring(0, 16) + foreign.substring(16), NEW_PASSWORD),
                nodes.post("/email/undo", "", Map.of("proof", proof)),
                nodes.post("/email/confirm", "", Map.of("proof", proof, "password", PASSWORD)),
                nodes.post(
                        "/invitation/accept", "", Map.of("proof", proof, "username", "abc", "password", NEW_PASSWORD)));

        assertThat(rejected).allSatisfy(AccountNodes::assertProofInvalid);
        assertThat(rejected.stream().map(response -> response.text("message")).distinct())
                .hasSize(1);
        assertThat(id).isNotEqualTo(otherId);
        assertThat(reset(node, proof, NEW_PASSWORD).status()).isEqualTo(204);
    }

    @Test
    void earlierProofsStayValidAndAllEndWithTheFirstUse() {
        nodes.createVerified(name, address);
        forgot(node, Map.of("email", address));
        forgot(other, Map.of("email", address));
        mails.await(address, "reset", 2);
        List<String> proofs = mails.received(address, "reset").stream()
                .map(mail -> mail.proof("reset"))
                .toList();

        assertThat(reset(node, proofs.get(0), NEW_PASSWORD).status()).isEqualTo(204);

        assertProofInvalid(reset(node, proofs.get(1), PASSWORD));
    }

    @Test
    void oneAddressGetsThreeMailsInAnHour() {
        nodes.createVerified(name, address);

        for (int i = 0; i < 5; i++) {
            assertThat(forgot(i % 2 == 0 ? node : other, Map.of("email", address))
                            .body())
                    .isEqualTo(ACCEPTED);
        }

        await().atMost(Duration.ofSeconds(60))
                .until(() -> nodes.rows(address, "void").size() == 2);
        assertThat(mails.received(address, "reset")).hasSize(3);
    }

    @Test
    void oneSourceCausesSixtyMailsInAnHour() {
        for (int i = 0; i < 60; i++) {
            assertThat(forgot(i % 2 == 0 ? node : other, Map.of("username", "nameless-" + own))
                            .status())
                    .isEqualTo(202);
        }

        Response rejected = forgot(node, Map.of("email", address));
        assertThat(rejected.status()).isEqualTo(429);
        assertThat(rejected.header("Retry-After")).isNotEmpty();
    }

    @Test
    void aProofIsUsedOnceOnTwoNodes() throws Exception {
        nodes.createVerified(name, address);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int i = 0; i < 3; i++) {
                forgot(node, Map.of("email", address));
                String proof = mails.await(address, "reset", i + 1).proof("reset");
                List<Callable<Response>> calls =
                        List.of(() -> reset(node, proof, NEW_PASSWORD), () -> reset(other, proof, NEW_PASSWORD));
                List<Integer> statuses = new ArrayList<>();
                for (Future<Response> used : threads.invokeAll(calls)) {
                    statuses.add(used.get().status());
                }
                assertThat(statuses).containsExactlyInAnyOrder(204, 400);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aResetDeletesTheFailedLoginsOfTheUser() {
        nodes.createVerified(name, address);
        for (int i = 0; i < 10; i++) {
            node.loginFrom(source, name, "wrong " + i);
        }
        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(429);
        forgot(node, Map.of("email", address));

        assertThat(reset(node, mails.await(address, "reset").proof("reset"), NEW_PASSWORD)
                        .status())
                .isEqualTo(204);

        assertThat(node.loginFrom(source, name, NEW_PASSWORD).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"email\":\"a@b.example\",\"username\":\"a\"}",
                "{\"email\":\"not an address\"}",
                "{\"email\":\"a@b.example\\r\\nBcc: c@d.example\"}",
                "{\"email\":[\"a@b.example\"]}",
                "{\"username\":\"\"}",
                "{\"username\":7}",
                "{\"email\":\"a@b.example\",\"link\":\"x\"}"
            })
    void invalidRequestsAreRejectedAndNotQueued(String body) {
        String latest = latestRow();

        assertThat(node.post("/password/forgot", "", body).status()).isEqualTo(400);

        assertThat(latestRow()).isEqualTo(latest);
    }

    private Response forgot(Node at, Map<String, String> body) {
        return at.send(
                "POST", "/password/forgot", json(body), "Content-Type", "application/json", "X-Forwarded-For", source);
    }

    private static Response reset(Node at, String proof, String newPassword) {
        return at.post("/password/reset", "", json(Map.of("proof", proof, "newPassword", newPassword)));
    }

    private static String latestRow() {
        return node.get("/mail?limit=1", node.adminToken())
                .json()
                .path(0)
                .path("_id")
                .asText();
    }

    private static Response put(String path, Map<String, String> body) {
        return node.send("PUT", path, json(body), "Content-Type", "application/json", "auth", node.adminToken());
    }
}
