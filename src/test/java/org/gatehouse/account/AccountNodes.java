package org.gatehouse.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;

/** Two nodes that share their stores, a clock and a mail server, and the calls that tests of accounts need. */
final class AccountNodes implements AutoCloseable {
    static final String PASSWORD = "correct horse battery staple";
    static final String NEW_PASSWORD = "staple battery horse correct";

    final Stores stores = new Stores();
    final MailServer mails = MailServer.start();
    final SettableClock clock = SettableClock.atNow();
    final Node node;
    final Node other;

    AccountNodes() {
        this(Map.of());
    }

    AccountNodes(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        settings.putAll(more);
        node = Node.start(stores, settings, clock);
        other = Node.start(stores, settings, clock);
    }

    /** Creates a user without an address, and returns the id. */
    String create(String username) {
        Response created = post("/user", node.adminToken(), Map.of("username", username, "password", PASSWORD));
        assertThat(created.status()).isEqualTo(201);
        return created.text("_id");
    }

    /** Creates a user with an address that is not verified. No mail is sent. */
    String createWith(String username, String email) {
        String id = create(username);
        assertThat(node.patch("/user/" + id, node.adminToken(), json(Map.of("email", email)))
                        .status())
                .isEqualTo(200);
        return id;
    }

    /** Creates a user with a verified address. */
    String createVerified(String username, String email) {
        String id = create(username);
        assertThat(changeEmail(id, node.adminToken(), Map.of("email", email, "verified", true))
                        .status())
                .isEqualTo(204);
        return id;
    }

    Response changeEmail(String id, String token, Map<String, ?> body) {
        return node.send(
                "PUT", "/user/" + id + "/email", json(body), "Content-Type", "application/json", "auth", token);
    }

    Response post(String path, String token, Map<String, ?> body) {
        return node.post(path, token, json(body));
    }

    JsonNode user(String id) {
        return other.get("/user/" + id, other.adminToken()).json();
    }

    /** Returns the rows of mails to this address with this status. */
    List<JsonNode> rows(String to, String status) {
        List<JsonNode> rows = new ArrayList<>();
        node.get("/mail?limit=1000&status=" + status, node.adminToken()).json().forEach(rows::add);
        return rows.stream().filter(row -> row.path("to").asText().equals(to)).toList();
    }

    void awaitRow(String to, String status) {
        await().atMost(Duration.ofSeconds(60)).until(() -> !rows(to, status).isEmpty());
    }

    /** Returns the types of the audit entries about a user, latest first. */
    List<String> audit(String id) {
        List<String> types = new ArrayList<>();
        node.get("/audit?user=" + id, node.adminToken())
                .json()
                .forEach(entry -> types.add(entry.path("type").asText()));
        return types;
    }

    static void assertProofInvalid(Response response) {
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("PROOF_INVALID");
    }

    static String json(Map<String, ?> body) {
        return Json.MAPPER.valueToTree(body).toString();
    }

    @Override
    public void close() {
        node.close();
        other.close();
        mails.close();
        stores.close();
    }
}
