package org.gatehouse.leaving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.factor.FactorNodes;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.mail.MailServer;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the export of one's own data. The responses are also compared with the API description. */
class OwnDataTest {
    private static final MailServer mails = MailServer.start();
    private static final FactorNodes nodes = new FactorNodes(mails.settings());
    private static final Node node = nodes.node;
    private static final Node other = nodes.other;

    @AfterAll
    static void stop() {
        nodes.close();
        mails.close();
    }

    @Test
    void containsEverythingAboutTheCallerAndNoSecret() {
        Enrolled user = nodes.enrol("alice", "198.51.100.1");
        // Another person may have sent these requests.
        Response factor = node.loginFrom("198.51.100.2", "alice", PASSWORD);
        assertThat(nodes.totp(node, "198.51.100.2", factor.text("challenge"), nodes.wrongCode(user.secret()))
                        .text("code"))
                .isEqualTo("FACTOR_WRONG");
        assertThat(node.loginFrom("198.51.100.3", "alice", "wrong").text("code"))
                .isEqualTo("CREDENTIALS_WRONG");
        node.patch("/user/me", user.token(), "{\"nickname\":\"Al\",\"email\":\"alice@example.com\"}");
        assertThat(node.post("/email/verification", user.token(), "").status()).isEqualTo(202);
        mails.await("alice@example.com", "verification");

        Response export = other.get("/user/me/export", user.token());

        assertThat(export.status()).as(export.body()).isEqualTo(200);
        assertThat(export.header("Content-Type")).isEqualTo("application/json");
        assertThat(export.header("Content-Disposition")).isEqualTo("attachment; filename=\"account.json\"");
        JsonNode data = export.json();
        assertThat(data.path("user").path("nickname").asText()).isEqualTo("Al");
        assertThat(data.path("factors").path(0).path("name").asText()).isEqualTo("phone");
        assertThat(data.path("recoveryCodesLeft").asInt())
                .isEqualTo(user.recoveryCodes().size());
        assertThat(data.path("sessions")).hasSize(1);
        assertThat(data.path("sessions").path(0).path("ip").asText()).isEqualTo("198.51.100.1");
        assertThat(data.path("mails").path(0).path("to").asText()).isEqualTo("alice@example.com");
        assertThat(data.path("audit").findValuesAsText("type")).contains("USER_CREATED", "LOGIN_SUCCEEDED");
        for (JsonNode entry : data.path("audit")) {
            if (entry.path("type").asText().equals("USER_CREATED")) {
                assertThat(entry.has("actor")).isTrue();
                assertThat(entry.has("address"))
                        .as("the address of the administrator")
                        .isFalse();
            }
        }
        assertThat(data.path("mails").path(0).has("lastError")).isFalse();
        assertThat(data.path("audit").findValuesAsText("address")).containsOnly("127.0.0.1", "198.51.100.1");
        assertThat(nodes.audit(user.userId())).startsWith("OWN_DATA_EXPORTED");
        Document stored = nodes.stores
                .users()
                .find(new Document("_id", new ObjectId(user.userId())))
                .first();
        assertThat(export.body())
                .doesNotContain(
                        user.secret(), stored.getString("passwordHash"), "Hash", "recovery\":", "secret", "proofs")
                .doesNotContain("argon2");
    }

    @Test
    void containsEndedSessionsAndNothingAboutOthers() {
        String id = nodes.create("bob");
        String carol = nodes.create("carol");
        String admin = node.adminToken();
        assertThat(node.patch("/user/" + id, admin, "{\"roles\":[\"user\",\"admin\"]}")
                        .status())
                .isEqualTo(200);
        Response first = node.login("bob", PASSWORD);
        assertThat(node.post("/logout", first.text("token"), "").status()).isEqualTo(200);
        nodes.clock.advance(Duration.ofSeconds(1));
        String token = node.token("bob", PASSWORD);
        assertThat(node.patch("/user/" + carol, token, "{\"username\":\"caroline\"}")
                        .status())
                .isEqualTo(200);

        JsonNode data = other.get("/user/me/export", token).json();

        assertThat(data.path("sessions")).hasSize(2);
        assertThat(data.path("sessions").path(0).has("endedAt")).isFalse();
        assertThat(data.path("sessions").path(1).has("endedAt")).isTrue();
        assertThat(data.toString()).contains(carol).doesNotContain("carol\"", "caroline", "root-admin");
    }

    @Test
    void readsLongListsPageByPage() {
        String id = nodes.create("dora");
        String token = node.token("dora", PASSWORD);
        List<Document> entries = new ArrayList<>();
        Instant now = nodes.clock.instant();
        for (int i = 0; i < 1_200; i++) {
            entries.add(new Document("_id", new ObjectId())
                    .append("type", "LOGIN_FAILED")
                    .append("at", Date.from(now.minusMillis(i / 7)))
                    .append("user", new ObjectId(id))
                    .append("users", List.of(new ObjectId(id)))
                    .append("expiresAt", Date.from(now.plusSeconds(3_600))));
        }
        nodes.stores.collection("audit").insertMany(entries);

        JsonNode audit = node.get("/user/me/export", token).json().path("audit");

        assertThat(audit.findValuesAsText("_id")).doesNotHaveDuplicates().hasSize(1_203);
    }

    @Test
    void isForUsersOnly() {
        assertThat(node.get("/user/me/export", "").status()).isEqualTo(401);
        Response created =
                node.post("/service", node.adminToken(), json(Map.of("name", "crm", "roles", List.of("admin"))));
        String service = node.serviceToken(created.text("_id"), created.text("secret"));

        assertThat(node.get("/user/me/export", service).text("code")).isEqualTo("FORBIDDEN");
        assertThat(node.delete("/user/me", service).text("code")).isEqualTo("FORBIDDEN");
        assertThat(node.get("/user/me/export?x=1", node.adminToken()).status()).isEqualTo(400);
        assertThat(node.get("/user/me/export", node.adminToken()).status()).isEqualTo(200);
    }
}
