package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the list and the removal of factors, and the replacement of recovery codes, by owners and administrators. */
class FactorResourceTest {
    private static final MailServer mails = MailServer.start();
    private static final FactorNodes nodes = new FactorNodes(settings());
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;
    private static final AtomicInteger number = new AtomicInteger();

    private final int own = number.incrementAndGet();
    private final String name = "user-" + own;
    private final String address = name + "@example.com";
    private final String source = "198.51.100." + own;

    private static Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("FACTOR_REQUIRED_ROLES", "author");
        return settings;
    }

    @AfterAll
    static void stop() {
        nodes.close();
        mails.close();
    }

    @Test
    void theLastFactorTakesTheRecoveryCodesWithIt() {
        Enrolled user = nodes.enrol(name, source);

        assertThat(node.delete("/factor/" + user.factorId(), user.token()).status())
                .isEqualTo(204);

        JsonNode listed = other.get("/factor", user.token()).json();
        assertThat(listed.path("factors")).isEmpty();
        assertThat(listed.path("recoveryCodesLeft").asInt()).isZero();
        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(200);
        assertThat(nodes.audit(user.userId())).contains("FACTOR_REMOVED");
        assertThat(stored().get("_server", Document.class)).doesNotContainKeys("factors", "recovery");
        assertCode(node.delete("/factor/" + user.factorId(), user.token()), 404, "FACTOR_NOT_FOUND");
    }

    @Test
    void oneOfSeveralFactorsLeavesTheRecoveryCodes() {
        Enrolled first = nodes.enrol(name, source);
        Enrolled second = nodes.enrol(first.userId(), name, first.token());

        assertThat(node.delete("/factor/" + first.factorId(), second.token()).status())
                .isEqualTo(204);

        JsonNode listed = other.get("/factor", second.token()).json();
        assertThat(listed.at("/factors/0/_id").asText()).isEqualTo(second.factorId());
        assertThat(listed.path("recoveryCodesLeft").asInt()).isEqualTo(10);
        nodes.nextStep();
        assertCode(
                nodes.totp(node, source, nodes.challenge(name, source), nodes.code(first.secret())),
                401,
                "FACTOR_WRONG");
    }

    @Test
    void theLastFactorOfARoleThatNeedsOneRemains() {
        Enrolled user = nodes.enrol(name, source);
        assertThat(node.patch("/user/" + user.userId(), node.adminToken(), "{\"roles\":[\"author\"]}")
                        .status())
                .isEqualTo(200);
        Enrolled second = nodes.enrol(user.userId(), name, user.token());
        assertThat(node.delete("/factor/" + user.factorId(), user.token()).status())
                .isEqualTo(204);

        assertCode(node.delete("/factor/" + second.factorId(), user.token()), 409, "FACTOR_REQUIRED_BY_ROLE");

        assertThat(other.get("/factor", user.token())
                        .json()
                        .path("recoveryCodesLeft")
                        .asInt())
                .isEqualTo(10);
        assertThat(node.delete("/user/" + user.userId() + "/factor/" + second.factorId(), node.adminToken())
                        .status())
                .as("an administrator helps after the loss of a device")
                .isEqualTo(204);
        assertThat(node.loginFrom(source, name, PASSWORD)
                        .json()
                        .path("enrolmentRequired")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void newRecoveryCodesReplaceAllEarlierOnes() {
        Enrolled user = nodes.enrol(name, source);
        Response replaced = node.post("/factor/recovery-codes", user.token(), "");
        assertThat(replaced.status()).as(replaced.body()).isEqualTo(200);
        List<String> codes = new ArrayList<>();
        replaced.json().path("recoveryCodes").forEach(code -> codes.add(code.asText()));

        assertThat(codes).hasSize(10).doesNotContainAnyElementsOf(user.recoveryCodes());
        assertThat(nodes.audit(user.userId())).startsWith("RECOVERY_CODES_REPLACED");
        assertCode(recovery(user.recoveryCodes().get(0)), 401, "FACTOR_WRONG");
        Response login = recovery(codes.get(0).toLowerCase(Locale.ROOT).replace("-", " "));
        assertThat(login.status()).as(login.body()).isEqualTo(200);
        assertThat(login.json().path("recoveryCodesLeft").asInt()).isEqualTo(9);
        assertThat(other.get("/factor", login.text("token"))
                        .json()
                        .path("recoveryCodesLeft")
                        .asInt())
                .isEqualTo(9);
    }

    @Test
    void recoveryCodesNeedAFactor() {
        nodes.create(name);
        String token = node.loginFrom(source, name, PASSWORD).text("token");

        assertCode(node.post("/factor/recovery-codes", token, "{}"), 409, "FACTOR_MISSING");
        assertCode(node.post("/factor/recovery-codes", token, "{\"count\":100}"), 400, "VALIDATION_FAILED");
        assertThat(stored().get("_server", new Document())).doesNotContainKey("recovery");
    }

    @Test
    void administratorsSeeAndRemoveFactorsButNoSecrets() {
        Enrolled user = nodes.enrol(name, source);
        String path = "/user/" + user.userId() + "/factor";

        Response listed = other.get(path, node.adminToken());

        assertThat(listed.status()).isEqualTo(200);
        assertThat(listed.json().at("/factors/0/_id").asText()).isEqualTo(user.factorId());
        assertThat(listed.json().at("/factors/0").fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("_id", "type", "name", "createdAt");
        assertThat(listed.json().path("recoveryCodesLeft").asInt()).isEqualTo(10);
        assertThat(node.get("/user/" + user.userId(), node.adminToken()).body())
                .doesNotContain("factor", "recovery", "_server");

        assertThat(node.delete(path + "/" + user.factorId(), node.adminToken()).status())
                .isEqualTo(204);
        assertCode(other.get("/factor", user.token()), 401, "SESSION_ENDED");
        assertThat(nodes.audit(user.userId())).contains("FACTOR_REMOVED");
        assertThat(node.loginFrom(source, name, PASSWORD).status()).isEqualTo(200);
        assertCode(node.delete(path + "/" + user.factorId(), node.adminToken()), 404, "FACTOR_NOT_FOUND");
        assertCode(
                node.delete("/user/000000000000000000000000/factor/" + user.factorId(), node.adminToken()),
                404,
                "USER_NOT_FOUND");
    }

    @Test
    void usersDoNotReachTheFactorsOfOthers() {
        Enrolled user = nodes.enrol(name, source);
        nodes.create(name + "-eve");
        String eve = node.loginFrom(source, name + "-eve", PASSWORD).text("token");

        assertCode(node.get("/user/" + user.userId() + "/factor", eve), 403, "FORBIDDEN");
        assertCode(node.delete("/user/" + user.userId() + "/factor/" + user.factorId(), eve), 403, "FORBIDDEN");
        assertCode(node.get("/user/me/factor", user.token()), 403, "FORBIDDEN");
        assertCode(node.get("/factor", ""), 401, "TOKEN_MISSING");
        assertThat(other.get("/factor", user.token()).json().path("factors")).hasSize(1);
    }

    @Test
    void ownersGetNoticesOfChanges() {
        String id = nodes.create(name);
        assertThat(node.send(
                                "PUT",
                                "/user/" + id + "/email",
                                json(Map.of("email", address, "verified", true)),
                                "Content-Type",
                                "application/json",
                                "auth",
                                node.adminToken())
                        .status())
                .isEqualTo(204);
        Enrolled user =
                nodes.enrol(id, name, node.loginFrom(source, name, PASSWORD).text("token"));
        mails.await(address, "notice-factor", 1);
        assertThat(node.post("/factor/recovery-codes", user.token(), "").status())
                .isEqualTo(200);
        mails.await(address, "notice-factor", 2);

        assertThat(node.delete("/user/" + id + "/factor/" + user.factorId(), node.adminToken())
                        .status())
                .isEqualTo(204);

        assertThat(mails.await(address, "notice-factor", 3).text()).contains("phone");
    }

    private Response recovery(String code) {
        return nodes.factor(
                node, source, Map.of("challenge", nodes.challenge(name, source), "type", "recovery", "code", code));
    }

    private Document stored() {
        return Objects.requireNonNull(
                nodes.stores.users().find(new Document("username", name)).first());
    }

    private static void assertCode(Response response, int status, String code) {
        assertThat(response.status()).as(response.body()).isEqualTo(status);
        assertThat(response.text("code")).isEqualTo(code);
    }
}
