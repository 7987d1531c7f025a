package org.gatehouse.factor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.gatehouse.factor.FactorNodes.PASSWORD;
import static org.gatehouse.factor.FactorNodes.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.factor.FactorNodes.Enrolled;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests a change of {@code AUTH_KEY}: TOTP devices work during the change, and are encrypted under the new key. */
class TotpKeyChangeTest {
    private static final String NEW_KEY = "a new key for tests of second factors, longer than 32 bytes";
    private static final String SOURCE = "198.51.100.7";

    private static final FactorNodes nodes = new FactorNodes(Map.of());
    private static final SettableClock clock = nodes.clock;

    @AfterAll
    static void stop() {
        nodes.close();
    }

    @Test
    void secretsOutliveAChangeOfTheKey() {
        Enrolled alice = nodes.enrol("alice", SOURCE);
        Enrolled bob = nodes.enrol("bob", SOURCE);
        String before = secret(alice);

        try (Node first = start(Map.of("AUTH_KEY_PREVIOUS", NEW_KEY))) {
            nodes.nextStep();
            assertAccepted(first, alice);
            assertThat(secret(alice)).isEqualTo(before);
        }
        try (Node second = start(Map.of("AUTH_KEY", NEW_KEY, "AUTH_KEY_PREVIOUS", ServiceClient.AUTH_KEY))) {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !secret(alice).equals(before) && keyId(alice).equals(keyId(bob)));
            nodes.nextStep();
            assertAccepted(second, alice);
        }
        try (Node third = start(Map.of("AUTH_KEY", NEW_KEY))) {
            nodes.nextStep();
            assertAccepted(third, alice);
            assertAccepted(third, bob);
        }
    }

    @Test
    void aConfirmedSecretIsUnderTheNewKey() {
        String id = nodes.create("carol");
        Response begun =
                nodes.node.post("/factor/totp", nodes.node.token("carol", PASSWORD), json(Map.of("name", "phone")));
        try (Node changing = start(Map.of("AUTH_KEY", NEW_KEY, "AUTH_KEY_PREVIOUS", ServiceClient.AUTH_KEY))) {
            Response confirmed = changing.post(
                    "/factor/" + begun.text("_id") + "/confirm",
                    changing.token("carol", PASSWORD),
                    json(Map.of("code", nodes.code(begun.text("secret")))));
            assertThat(confirmed.status()).as(confirmed.body()).isEqualTo(200);
        }
        Enrolled carol = new Enrolled(id, "carol", begun.text("_id"), begun.text("secret"), List.of(), "");
        try (Node after = start(Map.of("AUTH_KEY", NEW_KEY))) {
            nodes.nextStep();
            assertAccepted(after, carol);
        }
    }

    @Test
    void aLoginEncryptsTheSecretUnderTheNewKey() {
        Enrolled dora = nodes.enrol("dora", SOURCE);
        String before = secret(dora);
        try (Node changing = start(Map.of("AUTH_KEY", NEW_KEY, "AUTH_KEY_PREVIOUS", ServiceClient.AUTH_KEY))) {
            await().atMost(Duration.ofSeconds(30)).until(() -> !secret(dora).equals(before));
            setSecret(dora, before); // as a node stores it that does not have the new key yet
            nodes.nextStep();
            assertAccepted(changing, dora);
            assertThat(secret(dora)).isNotEqualTo(before);
        }
        try (Node after = start(Map.of("AUTH_KEY", NEW_KEY))) {
            nodes.nextStep();
            assertAccepted(after, dora);
        }
    }

    /** Nodes with the earlier key may store secrets after the first pass. Entries of a later version are skipped. */
    @Test
    void thePassRepeats() {
        Enrolled emil = nodes.enrol("emil", SOURCE);
        String before = secret(emil);
        nodes.stores
                .users()
                .updateOne(
                        new Document("username", "emil"),
                        new Document(
                                "$set",
                                new Document("_server.factors.000000000000000000000001", new Document("type", "later"))
                                        .append("_server.factors.000000000000000000000002", "none")));
        AuthKeys keys = new AuthKeys(new Secret(NEW_KEY), new Secret(ServiceClient.AUTH_KEY));
        try (MongoConnection mongo = new MongoConnection(
                        new Secret(nodes.stores.mongoUri()), nodes.stores.database(), new Metrics());
                MongoTotpReencryption passes = new MongoTotpReencryption(
                        mongo, "users", new TotpCipher(keys, new SecureRandom()), Duration.ofMillis(50))) {
            passes.start();
            await().atMost(Duration.ofSeconds(30)).until(() -> !secret(emil).equals(before));
            setSecret(emil, before);
            await().atMost(Duration.ofSeconds(30)).until(() -> !secret(emil).equals(before));
        }
        setSecret(emil, before);
        nodes.nextStep();
        assertAccepted(nodes.node, emil);
    }

    private static void setSecret(Enrolled user, String secret) {
        nodes.stores
                .users()
                .updateOne(
                        new Document("username", user.name()),
                        new Document("$set", new Document("_server.factors." + user.factorId() + ".secret", secret)));
    }

    private static void assertAccepted(Node node, Enrolled user) {
        Response login = node.loginFrom(SOURCE, user.name(), PASSWORD);
        assertThat(login.text("code")).as(login.body()).isEqualTo("FACTOR_REQUIRED");
        Response accepted = node.send(
                "POST",
                "/login/factor",
                json(Map.of("challenge", login.text("challenge"), "type", "totp", "code", nodes.code(user.secret()))),
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                SOURCE);
        assertThat(accepted.status()).as(accepted.body()).isEqualTo(200);
    }

    private static Node start(Map<String, String> keys) {
        Map<String, String> settings = new HashMap<>(keys);
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        return Node.start(nodes.stores, settings, clock);
    }

    private static String secret(Enrolled user) {
        Document found =
                nodes.stores.users().find(new Document("username", user.name())).first();
        JsonNode json = Response.json(Objects.requireNonNull(found).toJson());
        return json.at("/_server/factors/" + user.factorId() + "/secret").asText();
    }

    /** Returns the id of the key under which the secret is encrypted. */
    private static String keyId(Enrolled user) {
        String header =
                new String(Base64.getUrlDecoder().decode(secret(user).split("\\.", -1)[0]), StandardCharsets.UTF_8);
        return Response.json(header).path("kid").asText();
    }
}
