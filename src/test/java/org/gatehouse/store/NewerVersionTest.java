package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.Updates;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests this version beside a newer version that adds fields to all data in the stores. This version continues to work.
 * It keeps the additional fields in the stores, but does not return them.
 */
@SuppressWarnings("JavaUtilDate") // the driver requires java.util.Date
class NewerVersionTest {
    private static final String SECRET = "a secret of tomorrow";
    private static final Document LATER = new Document("secret", SECRET).append("list", List.of(1, new Document()));

    private static final Stores stores = new Stores();
    private static final FormatFolder format = FormatFolder.latest();
    private static final JsonNode callers = format.callers();
    private static final String admin = callers.path("admin").asText();
    private static final String alice = "/user/" + callers.path("aliceId").asText();
    private static final Node node;

    static {
        format.load(stores);
        addToEverything();
        node = FormatScene.node(stores, format.clock());
    }

    private static void addToEverything() {
        stores.users().updateMany(new Document(), Updates.set("_server", LATER));
        set("users", "usernameKey", "carol", Updates.set("status", "locked"));
        set("users", "usernameKey", "stranger", Updates.set("passwordHash", "$argon3$v=1$x"));
        for (String name : List.of("sessions", "signingKeys", "audit", "idempotencyKeys", "meta")) {
            stores.collection(name).updateMany(new Document(), Updates.set("later", LATER));
        }
        stores.meta().insertOne(new Document("_id", "settings").append("later", LATER));
        stores.collection("tomorrow").insertOne(new Document("later", LATER));
        stores.collection("signingKeys")
                .insertOne(new Document("_id", "a".repeat(43))
                        .append("round", 1_000L)
                        .append("alg", "EdDSA")
                        .append("publicKey", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}")
                        .append("encryptedUnder", "another-key")
                        .append("createdAt", new Date(format.clock().millis()))
                        .append("activeFrom", new Date(format.clock().millis())));
        stores.collection("audit")
                .insertOne(new Document("type", "PASSKEY_ADDED")
                        .append("at", new Date(format.clock().millis()))
                        .append(
                                "users",
                                List.of(new ObjectId(callers.path("aliceId").asText())))
                        .append("details", new Document("device", "a phone").append("count", 2))
                        .append("expiresAt", new Date(format.clock().millis() + 1_000_000_000L)));
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            RedisCommands<String, String> commands = redis.commands();
            for (String key : commands.keys("?:*")) {
                String value = "" + commands.get(key);
                commands.set(key, value.replaceFirst("\\{", "{\"_server\":{\"secret\":\"" + SECRET + "\"},"));
            }
            for (String key : commands.keys("throttle:*")) {
                commands.hset(key, "later", "1 2 3");
            }
        }
    }

    @BeforeAll
    static void awaitCache() {
        // Some tests replace cache entries. Therefore this method waits until reads fill the cache.
        String age = "{\"age\":44}";
        assertThat(node.patch(alice, admin, age).status()).isEqualTo(200);
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            String key = "u:{" + callers.path("aliceId").asText() + "}";
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                node.get(alice, admin);
                return ("" + redis.commands().get(key)).startsWith("V");
            });
        }
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void noResponseContainsServerFields() {
        for (String path : List.of(
                alice,
                "/user?limit=100",
                "/user/me",
                alice + "/session",
                "/session",
                "/key",
                "/.well-known/jwks.json",
                "/user/export?hashes=true",
                "/user?q=alice")) {
            Response response = node.get(path, admin);
            assertThat(response.status()).as(path).isEqualTo(200);
            assertThat(response.body()).as(path).doesNotContain(SECRET).doesNotContain("_server");
        }
    }

    @Test
    void anAuditEntryOfAnUnknownTypeIsReturned() throws IOException, InterruptedException {
        // This request bypasses the check against the API description, because the description lists only the current
        // types.
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port()
                        + "/audit?limit=1000&user=" + callers.path("aliceId").asText()))
                .header("auth", admin)
                .build();
        String body = HttpClient.newHttpClient()
                .send(request, BodyHandlers.ofString())
                .body();

        assertThat(Response.json(body).findValuesAsText("type")).contains("PASSKEY_ADDED", "USER_CREATED");
    }

    @Test
    void aChangeKeepsUnknownFields() {
        assertThat(node.patch(alice, admin, "{\"age\":null,\"city\":\"Bern\",\"roles\":[\"user\",\"guest\"]}")
                        .status())
                .isEqualTo(200);
        assertThat(node.patch(alice, admin, "{\"_server\":null}").status()).isEqualTo(400);
        assertThat(FormatScene.put(
                                node,
                                alice + "/password",
                                admin,
                                "{\"newPassword\":\"" + FormatScene.NEW_PASSWORD + "\"}")
                        .status())
                .isEqualTo(204);
        assertThat(node.login("alice", FormatScene.NEW_PASSWORD).status()).isEqualTo(200);

        assertThat(find("users", "usernameKey", "alice").get("_server", Document.class))
                .containsAllEntriesOf(LATER);
    }

    @Test
    void aUserWithAnUnknownStatusCannotLogInAndKeepsTheStatus() {
        String carol = "/user/" + find("users", "usernameKey", "carol").getObjectId("_id");
        assertThat(node.login("carol", FormatScene.PASSWORD).status()).isEqualTo(401);
        assertThat(node.get(carol, admin).text("status")).isEqualTo("disabled");

        assertThat(node.patch(carol, admin, "{\"city\":\"Bern\"}").status()).isEqualTo(200);

        assertThat(find("users", "usernameKey", "carol").get("status")).isEqualTo("locked");
    }

    @Test
    void aUserWithAnUnknownHashCannotLogInAndKeepsTheHash() {
        assertThat(node.login("stranger", FormatScene.PASSWORD).status()).isEqualTo(401);

        assertThat(find("users", "usernameKey", "stranger").get("passwordHash")).isEqualTo("$argon3$v=1$x");
    }

    @Test
    void sessionsWithUnknownFieldsCanBeRefreshedAndEnded() {
        for (JsonNode recorded : callers.path("tokens")) {
            if (recorded.path("user").asText().equals("bob")
                    && recorded.path("live").asBoolean()) {
                Response next = node.post(
                        "/token/refresh",
                        "",
                        FormatScene.refreshBody(recorded.path("refreshToken").asText()));
                assertThat(next.status()).as(next.body()).isEqualTo(200);
                assertThat(node.get("/user/me", next.text("token")).status()).isEqualTo(200);
                assertThat(node.post("/logout", next.text("token"), "").status())
                        .isEqualTo(200);
                assertThat(node.get("/user/me", next.text("token")).text("code"))
                        .isEqualTo("SESSION_ENDED");
            }
        }
        ObjectId bob = find("users", "usernameKey", "bob").getObjectId("_id");
        stores.collection("sessions")
                .find(Filters.eq("userId", bob))
                .forEach(session -> assertThat(session.get("later")).isEqualTo(LATER));
    }

    @Test
    void anUnreadableSigningKeyIsNeitherUsedNorChanged() {
        String made = node.post("/key/rotate", admin, "").text("kid");

        assertThat(find("signingKeys", "_id", made).get("round")).isEqualTo(1_001L);
        assertThat(node.delete("/key/" + made, admin).status()).isEqualTo(204);
        assertThat(find("signingKeys", "_id", "a".repeat(43)).get("alg")).isEqualTo("EdDSA");
    }

    @Test
    void anUnreadableCacheEntryIsTreatedAsAbsent() {
        String id =
                find("users", "usernameKey", "erin.renamed").getObjectId("_id").toHexString();
        String key = "u:{" + id + "}";
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            RedisCommands<String, String> commands = redis.commands();
            await().until(() -> {
                node.get("/user/" + id, admin);
                return ("" + commands.get(key)).startsWith("V");
            });
            String good = "" + commands.get(key);
            for (String value : List.of(
                    good.replaceFirst("V", "W"),
                    good.replaceFirst("V", "VV"),
                    good.replaceFirst(" \\d+ ", " x y z "),
                    good.replaceFirst("\\{.*", "{\"username\":\"erin\"}"),
                    good.replace("\"status\":\"active\"", "\"status\":\"locked\""),
                    good.replaceFirst("\\{.*", "CBOR"),
                    "V",
                    "")) {
                commands.set(key, value);
                assertThat(node.get("/user/" + id, admin).text("username"))
                        .as(value)
                        .isEqualTo("Erin.Renamed");
            }
            commands.del(key);
            commands.hset(key, "document", good);
            assertThat(node.get("/user/" + id, admin).text("username")).isEqualTo("Erin.Renamed");
            assertThat(node.patch("/user/" + id, admin, "{\"city\":\"Bern\"}").status())
                    .isEqualTo(200);
            assertThat(node.get("/user/" + id, admin).text("city")).isEqualTo("Bern");
            commands.del(key);
        }
    }

    private static void set(String collection, String field, Object value, Bson change) {
        MongoCollection<Document> documents = stores.collection(collection);
        assertThat(documents.updateOne(Filters.eq(field, value), change).getMatchedCount())
                .isEqualTo(1);
    }

    private static Document find(String collection, String field, Object value) {
        Document found =
                stores.collection(collection).find(Filters.eq(field, value)).first();
        if (found == null) {
            throw new AssertionError(collection + " has no " + field + " " + value);
        }
        return found;
    }
}
