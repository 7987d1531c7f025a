package org.gatehouse.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.mongodb.client.model.Filters;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.mail.StoredMails;
import org.gatehouse.password.ForeignHashes;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.user.StoredProofs;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;

/**
 * Makes every kind of call that changes a store. Afterwards the stores contain each kind of document and each kind of
 * entry that this version writes.
 *
 * <p>The clock of this scene is in the far future. Therefore no document expires by the clock of the store, and the
 * store deletes none.
 */
public final class FormatScene {
    static final String PASSWORD = "correct horse battery staple";
    static final String NEW_PASSWORD = "battery staple correct horse";
    private static final String ALICE =
            "{\"username\":\"Alice\",\"password\":\"" + PASSWORD + "\",\"email\":\"alice@example.com\",\"age\":42,"
                    + "\"big\":5000000000,\"ratio\":1.5,\"exact\":1234567890123456789012.5,\"member\":true,"
                    + "\"nothing\":null,\"address\":{\"city\":\"Bern\",\"floors\":[1,\"two\"]},\"tags\":[\"a\"]}";

    static final String TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

    /** The generator of P-256 as a COSE key. */
    private static final String PUBLIC_KEY = "pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlgg"
            + "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

    /** A user with two factors and a recovery code, in the format of an import. */
    private static final String SECURED = """
            {"_id":"5f0000000000000000000002","username":"secured","password":"%s","factors":[\
            {"_id":"5f00000000000000000000a1","type":"totp","name":"phone","createdAt":"2020-01-01T00:00:00.000Z",\
            "secret":"%s"},\
            {"_id":"5f00000000000000000000a2","type":"passkey","name":"key","createdAt":"2020-01-01T00:00:00.000Z",\
            "credentialId":"AAECAwQFBgcICQoLDA0ODw","publicKey":"%s","counter":7,"backupEligible":true,"backedUp":false,\
            "transports":["usb"],"aaguid":"00112233-4455-6677-8899-aabbccddeeff"}],"recoveryCodes":["%s"]}
            """.formatted(PASSWORD, TOTP_SECRET, PUBLIC_KEY, "ab".repeat(32));

    private final Stores stores;
    private final SettableClock clock = new SettableClock(Instant.parse("2100-01-01T00:00:00Z"));
    private final ObjectNode callers = Json.MAPPER.createObjectNode();

    /** The password of each user, by username. Users that are not in this object cannot log in. */
    private final ObjectNode passwords = callers.putObject("passwords");

    /** Passwords that are correct but must be rejected, by username. */
    private final ObjectNode rejected = callers.putObject("rejected");

    private FormatScene(Stores stores) {
        this.stores = stores;
    }

    /** Starts a node on these stores, with this clock and the settings of the scene. */
    public static Node node(Stores stores, SettableClock clock) {
        return Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "REGISTRATION", "open"), clock);
    }

    /** Makes all calls on empty stores. Returns the data of the clients. */
    static ObjectNode run(Stores stores) {
        return new FormatScene(stores).run();
    }

    private ObjectNode run() {
        insertLegacyUsers();
        try (Node node = node(stores, clock)) {
            await().until(() -> stores.meta().countDocuments(Filters.eq("passwords of users")) == 0);
            await().until(() ->
                    stores.users().countDocuments(Filters.eq("_server.address", "original@example.com")) == 1
                            && stores.meta().countDocuments(Filters.gt("after", new ObjectId(new byte[12]))) == 1);
            String admin = node.adminToken();
            passwords.put(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
            createUsers(node, admin);
            useSessions(node);
            changeUsers(node, admin);
            guessPasswords(node, admin);
            useServices(node, admin);
            rotateKeys(node, admin);
            addFactors(node, admin);
            recordPages(node, admin);
            Response challenge = node.login("secured", PASSWORD);
            assertThat(challenge.text("code")).isEqualTo("FACTOR_REQUIRED");
            callers.put("jwks", node.get("/.well-known/jwks.json", "").body());
            callers.put("export", node.get("/user/export?hashes=true", admin).body());
            fillCache(node, admin);
        }
        StoredProofs.add(stores, id("verified"), clock);
        StoredMails.store(stores, clock);
        callers.put("now", clock.instant().toString());
        return callers;
    }

    private void useServices(Node node, String admin) {
        Response created = node.post("/service", admin, "{\"name\":\"Billing\",\"roles\":[\"introspect\"]}");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String id = created.text("_id");
        Response renewed = node.post("/service/" + id + "/secret", admin, "");
        ObjectNode service = callers.putObject("service").put("id", id).put("secret", renewed.text("secret"));
        String token = node.serviceToken(id, renewed.text("secret"));
        assertThat(node.get("/check?role=introspect", token).status()).isEqualTo(204);
        service.put("token", token);
    }

    private void insertLegacyUsers() {
        stores.users()
                .insertMany(List.of(
                        new Document("username", "Original")
                                .append("password", "plain")
                                .append("roles", List.of("admin"))
                                .append("email", "original@example.com"),
                        new Document("username", "original-bcrypt")
                                .append("password", ForeignHashes.all().getOrDefault("bcrypt-2a", "")),
                        new Document("username", "twin").append("password", "one"),
                        new Document("username", "TWIN").append("password", "two")));
        passwords.put("original", "plain");
        passwords.put("original-bcrypt", ForeignHashes.passwords().get("bcrypt-2a"));
        rejected.put("twin", "one");
    }

    private void createUsers(Node node, String admin) {
        Response created = node.send(
                "POST",
                "/user",
                ALICE,
                "auth",
                admin,
                "Content-Type",
                "application/json",
                "Idempotency-Key",
                "format-key");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        callers.put("aliceId", created.text("_id"));
        callers.putObject("repeated")
                .put("key", "format-key")
                .put("body", ALICE)
                .put("response", created.body());
        passwords.put("alice", PASSWORD);

        StringBuilder lines = new StringBuilder();
        ForeignHashes.all().forEach((scheme, hash) -> {
            ObjectNode line = Json.MAPPER.createObjectNode();
            lines.append(line.put("username", scheme).put("passwordHash", hash)).append('\n');
            passwords.put(scheme, ForeignHashes.passwords().get(scheme));
        });
        lines.append("{\"username\":\"without-password\",\"roles\":[\"guest\"]}\n");
        lines.append("{\"_id\":\"5f0000000000000000000001\",\"username\":\"with-a-past\",\"password\":\"" + PASSWORD
                + "\",\"version\":7,\"createdAt\":\"2020-01-01T00:00:00.000Z\","
                + "\"updatedAt\":\"2020-02-01T00:00:00.000Z\",\"lastLogin\":\"2020-03-01T00:00:00.000Z\"}\n");
        passwords.put("with-a-past", PASSWORD);
        lines.append("{\"username\":\"verified\",\"password\":\"" + PASSWORD
                + "\",\"email\":\"Verified@Example.com\",\"locale\":\"de-AT\","
                + "\"emailVerified\":\"2020-04-01T00:00:00.000Z\"}\n");
        passwords.put("verified@example.com", PASSWORD);
        rejected.put("without-password", PASSWORD);
        Response imported = node.send(
                "POST", "/user/import", lines.toString(), "auth", admin, "Content-Type", "application/x-ndjson");
        assertThat(imported.body()).contains("\"failed\":0");

        for (String name : List.of("bob", "carol", "dan", "erin", "frank", "gone")) {
            node.create(admin, name, PASSWORD);
            passwords.put(name, PASSWORD);
        }
        Response stranger = node.send(
                "POST",
                "/user",
                "{\"username\":\"stranger\",\"password\":\"" + PASSWORD + "\"}",
                "Content-Type",
                "application/json",
                "X-Forwarded-For",
                "198.51.100.1");
        assertThat(stranger.status()).isEqualTo(201);
        passwords.put("stranger", PASSWORD);
    }

    /** Only this step makes the stores unreadable for version 0.1.0. */
    private void addFactors(Node node, String admin) {
        assertThat(stores.meta().countDocuments(Filters.eq("format"))).isZero();
        Response imported =
                node.send("POST", "/user/import", SECURED, "auth", admin, "Content-Type", "application/x-ndjson");
        assertThat(imported.body()).contains("\"failed\":0");
        assertThat(stores.meta().countDocuments(Filters.eq("readableFrom", 2))).isEqualTo(1);
    }

    private void useSessions(Node node) {
        recordLive("alice", login(node, "alice"));
        recordLive("alice", refresh(node, login(node, "alice").text("refreshToken")));

        Response loggedOut = login(node, "alice");
        assertThat(node.post("/logout", loggedOut.text("token"), "").status()).isEqualTo(200);
        recordEnded("alice", loggedOut);

        Response copied = login(node, "alice");
        Response next = refresh(node, copied.text("refreshToken"));
        clock.advance(Duration.ofSeconds(11));
        assertThat(node.post("/token/refresh", "", refreshBody(copied.text("refreshToken")))
                        .status())
                .isEqualTo(401);
        recordEnded("alice", next);

        Response everywhere = login(node, "carol");
        node.post("/logout", everywhere.text("token"), "{\"everywhere\":true}");
        recordEnded("carol", everywhere);
        recordLive("carol", login(node, "carol"));

        Response otherSession = login(node, "frank");
        Response currentSession = login(node, "frank");
        assertThat(node.delete("/session?others=true", currentSession.text("token"))
                        .status())
                .isEqualTo(204);
        recordEnded("frank", otherSession);
        recordLive("frank", currentSession);
    }

    private void changeUsers(Node node, String admin) {
        Response otherSession = login(node, "bob");
        Response currentSession = login(node, "bob");
        String change = "{\"currentPassword\":\"" + PASSWORD + "\",\"newPassword\":\"" + NEW_PASSWORD + "\"}";
        assertThat(put(node, "/user/me/password", currentSession.text("token"), change)
                        .status())
                .isEqualTo(204);
        passwords.put("bob", NEW_PASSWORD);
        recordEnded("bob", otherSession);
        recordLive("bob", currentSession);
        String reset = "{\"newPassword\":\"" + NEW_PASSWORD + "\"}";
        assertThat(put(node, "/user/" + id("frank") + "/password", admin, reset).status())
                .isEqualTo(204);
        passwords.put("frank", NEW_PASSWORD);
        callers.withArray("tokens").forEach(token -> {
            if (token.path("user").asText().equals("frank")) {
                ((ObjectNode) token).put("live", false);
            }
        });

        Response disabled = login(node, "dan");
        patch(node, admin, "dan", "{\"status\":\"disabled\"}");
        recordEnded("dan", disabled);
        rejected.put("dan", PASSWORD);
        passwords.remove("dan");

        patch(node, admin, "erin", "{\"username\":\"Erin.Renamed\",\"roles\":[\"user\",\"introspect\"]}");
        passwords.remove("erin");
        passwords.put("erin.renamed", PASSWORD);
        recordLive("erin.renamed", login(node, "erin.renamed"));

        Response deleted = login(node, "gone");
        assertThat(node.delete("/user/" + id("gone"), admin).status()).isEqualTo(204);
        recordEnded("gone", deleted);
        passwords.remove("gone");
        rejected.put("gone", PASSWORD);
    }

    private void guessPasswords(Node node, String admin) {
        for (int i = 0; i < 2; i++) {
            assertThat(node.loginFrom("198.51.100.7", "alice", "not " + PASSWORD)
                            .status())
                    .isEqualTo(401);
        }
        node.loginFrom("198.51.100.7", "unknown-user", PASSWORD);
        Response last = node.loginFrom("198.51.100.8", "carol", "not " + PASSWORD);
        for (int i = 0; last.status() == 401 && i < 20; i++) {
            last = node.loginFrom("198.51.100.8", "carol", "not " + PASSWORD);
        }
        assertThat(last.status()).isEqualTo(429);
        assertThat(node.delete("/user/" + id("carol") + "/throttle", admin).status())
                .isEqualTo(204);
    }

    private void rotateKeys(Node node, String admin) {
        String revoked = node.post("/key/rotate", admin, "").text("kid");
        assertThat(node.delete("/key/" + revoked, admin).status()).isEqualTo(204);
        assertThat(node.post("/key/rotate", admin, "").status()).isEqualTo(201);
    }

    /**
     * Records the requests for second pages, and their responses. A client that has read the first page of a list sends
     * such a request.
     */
    private void recordPages(Node node, String admin) {
        for (String first : List.of(
                "/user?limit=4",
                "/user?limit=4&sort=-createdAt",
                "/user?limit=4&sort=username",
                "/user?limit=4&sort=-username&role=user",
                "/user?limit=1&q=bcrypt",
                "/audit?limit=5",
                "/audit?limit=5&user=" + callers.path("aliceId").asText(),
                "/user/" + callers.path("aliceId").asText() + "/session?limit=1",
                "/key?limit=1")) {
            String next = node.get(first, admin).next();
            assertThat(next).as(first).isNotEmpty();
            next = next.replaceFirst("^\\w+://[^/]*", "");
            callers.withArray("pages")
                    .addObject()
                    .put("path", next)
                    .put("body", node.get(next, admin).body());
        }
    }

    /**
     * Replaces the contents of the cache with known entries, because the current entries depend on the timing of
     * earlier calls.
     */
    private void fillCache(Node node, String admin) {
        callers.put("admin", admin);
        try (RedisText redis = new RedisText(stores.redis().uri())) {
            RedisCommands<String, String> commands = redis.commands();
            List<String> ids = List.of(
                    callers.path("aliceId").asText(), id("bob"), id("without-password"), "5f00000000000000000000ff");
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                node.get("/user/" + ids.get(3), admin);
                return ("" + commands.get("u:{" + ids.get(3) + "}")).startsWith("V");
            });
            commands.keys("u:*").forEach(commands::del);
            commands.keys("s:*").forEach(commands::del);
            for (String id : ids) {
                await().until(() -> {
                    node.get("/user/" + id, admin);
                    return ("" + commands.get("u:{" + id + "}")).startsWith("V");
                });
            }
        }
    }

    private Response login(Node node, String name) {
        Response response = node.send(
                "POST",
                "/login",
                Json.MAPPER
                        .createObjectNode()
                        .put("username", name)
                        .put("password", passwords.path(name).asText())
                        .toString(),
                "Content-Type",
                "application/json",
                "User-Agent",
                "a browser/7");
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response;
    }

    private static Response refresh(Node node, String token) {
        Response response = node.post("/token/refresh", "", refreshBody(token));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response;
    }

    static String refreshBody(String token) {
        return "{\"refreshToken\":\"" + token + "\"}";
    }

    static Response put(Node node, String path, String token, String json) {
        return node.send("PUT", path, json, "auth", token, "Content-Type", "application/json");
    }

    private void patch(Node node, String admin, String name, String change) {
        Response response = node.patch("/user/" + id(name), admin, change);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
    }

    private String id(String key) {
        Document user = stores.users().find(Filters.eq("usernameKey", key)).first();
        if (user == null) {
            throw new AssertionError("there is no " + key);
        }
        return user.getObjectId("_id").toHexString();
    }

    private void recordLive(String name, Response login) {
        recordTokens(name, login, true);
    }

    private void recordEnded(String name, Response login) {
        recordTokens(name, login, false);
    }

    private void recordTokens(String name, Response login, boolean live) {
        JsonNode tokens = login.json();
        callers.withArray("tokens")
                .addObject()
                .put("user", name)
                .put("token", tokens.path("token").asText())
                .put("refreshToken", tokens.path("refreshToken").asText())
                .put("live", live);
    }
}
