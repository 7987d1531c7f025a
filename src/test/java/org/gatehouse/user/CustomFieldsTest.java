package org.gatehouse.user;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.bson.Document;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the custom fields that callers may store with a user, for every call that accepts them. */
class CustomFieldsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String HASH = "$2b$04$HTJ.3pbdTJ7UmtzAci2wiOmB1yJish9F1Kp8qQYaUXjShkmNtXTle";

    private static final Stores stores = new Stores();
    private static final AtomicInteger number = new AtomicInteger();
    private static Node node;
    private static String admin;
    private static String alice;

    @BeforeAll
    static void start() {
        node = Node.start(stores);
        admin = node.adminToken();
        alice = "/user/" + node.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void close() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password_hash",
                "PASSWORDHASH",
                "encrypted_password",
                "hashedPassword",
                "newPassword",
                "current_pwd",
                "Password",
                "pwd",
                "passwd",
                "passphrase",
                "salt",
                "hash",
                "totp_secret",
                "refresh_token"
            })
    void rejectsACredentialUnderAnyNameAndSaysHowToSetAPassword(String name) {
        String field = "\"" + name + "\":\"something 1\"";
        String nested = "\"profile\":{\"list\":[{" + field + "}]}";
        String version = node.get(alice, admin).header("ETag");

        assertRejected(create(field), name, "PUT /user/{id}/password");
        assertRejected(create(nested), "profile.list.0." + name, "PUT /user/{id}/password");
        assertRejected(node.patch(alice, admin, "{" + field + "}"), name, "PUT /user/{id}/password");
        assertRejected(
                node.patch(alice, admin, "{" + nested + "}"), "profile.list.0." + name, "PUT /user/{id}/password");
        assertLineRejected(imported(field), name, "passwordHash");
        assertLineRejected(imported(nested), "profile.list.0." + name, "passwordHash");
        assertThat(node.get(alice, admin).header("ETag")).isEqualTo(version);
    }

    @Test
    void rejectsAPasswordHashUnderAnyName() {
        String field = "\"note\":[\"" + HASH + "\"]";

        assertRejected(create(field), "note.0", "PUT /user/{id}/password");
        assertRejected(node.patch(alice, admin, "{" + field + "}"), "note.0", "PUT /user/{id}/password");
        assertLineRejected(imported(field), "note.0", "passwordHash");
    }

    @Test
    void acceptsFieldsThatMentionButDoNotContainAPassword() {
        String fields = "\"passport\":\"C01\",\"password_changed_at\":\"2026-11-23\",\"passwordHint\":\"x\","
                + "\"mustChangePassword\":true,\"apiKey\":\"k\",\"emailConfirmed\":true,\"locale\":\"de\",\"hashtag\":\"x\"";

        assertThat(create(fields).status()).isEqualTo(201);
        assertThat(imported(fields).path("status").asText()).isEqualTo("created");
        assertThat(node.patch(alice, admin, "{" + fields + "}").body()).contains(fields);
    }

    @ParameterizedTest
    @CsvSource({
        "Roles, roles",
        "ROLES, roles",
        "Status, status",
        "UserName, username",
        "Version, version",
        "CreatedAt, createdAt",
        "lastlogin, lastLogin",
        "UsernameKey, usernameKey",
        "SESSIONCUTOFF, sessionCutoff",
        "_ID, _id",
        "_Server, _server"
    })
    void rejectsAReservedNameInAnyCase(String name, String reserved) {
        String field = "\"" + name + "\":[\"admin\"]";

        assertRejected(create(field), name, reserved + " only in case");
        assertRejected(node.patch(alice, admin, "{" + field + "}"), name, reserved + " only in case");
        assertRejected(node.patch("/user/me", node.token("alice", PASSWORD), "{" + field + "}"), name, "only in case");
        assertLineRejected(imported(field), name, reserved + " only in case");
        assertThat(node.patch(alice, admin, "{\"profile\":{\"Roles\":1}}").status())
                .isEqualTo(200);
    }

    /** Another service or an earlier version of Gatehouse may have stored fields with credentials. */
    @Test
    void storedCredentialsAreNeitherShownNorCachedAndCanBeRemoved() {
        String id = node.create(admin, "old-" + number.incrementAndGet(), PASSWORD);
        String user = "/user/" + id;
        stores.users()
                .updateOne(
                        new Document("_id", new ObjectId(id)),
                        new Document(
                                "$set",
                                new Document("password_hash", HASH)
                                        .append("Roles", List.of("admin"))
                                        .append("pwd", "hidden-1")
                                        .append(
                                                "profile",
                                                new Document("salt", "hidden-2").append("city", "K\u00f6ln"))));

        for (String path : List.of(user, "/user?q=old-", "/user/export?hashes=true")) {
            assertThat(node.get(path, admin).body())
                    .contains("\"profile\":{\"city\":\"K\u00f6ln\"}")
                    .doesNotContain("hidden-")
                    .doesNotContain("pwd")
                    .doesNotContain("password_hash")
                    .doesNotContain(HASH);
        }
        Awaitility.await().untilAsserted(() -> {
            node.get(user, admin); // repeated, because a node does not use the cache just after its start
            assertThat(cached(id)).contains("K\u00f6ln");
        });
        assertThat(cached(id)).doesNotContain("hidden-").doesNotContain(HASH);

        Response patched = node.patch(user, admin, "{\"n\":1}");
        assertThat(patched.body()).doesNotContain("hidden-");
        assertThat(stored(id).getString("pwd")).isEqualTo("hidden-1");

        Response removed = node.patch(
                user, admin, "{\"pwd\":null,\"password_hash\":null,\"Roles\":null,\"profile\":{\"salt\":null}}");
        assertThat(removed.status()).as(removed.body()).isEqualTo(200);
        assertThat(removed.body()).contains("K\u00f6ln").doesNotContain("Roles").doesNotContain("null");
        assertThat(stored(id))
                .doesNotContainKeys("pwd", "password_hash", "Roles")
                .containsEntry("profile", new Document("city", "K\u00f6ln"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "9223372036854775807 | 9223372036854775808",
                "9223372036854775808 | 9223372036854775807",
                "9007199254740993 | 9007199254740992",
                "0.1 | 0.10000000000000000001",
                "0.10000000000000000001 | 0.1",
                "1E+400 | 1E+401",
                "0 | 1E-400",
                "-0.0 | -1E-400",
                "[9223372036854775807] | [9223372036854775808]",
                "{'a':[{'b':0.1}]} | {'a':[{'b':0.10000000000000000001}]}",
                "[1,9007199254740993] | [1.0,9007199254740992]",
                "123456789012345678901234567890.1234 | 123456789012345678901234567890.1235"
            })
    void aPatchReplacesANumberWithAnAlmostEqualNumber(String before, String after) {
        Response first = node.patch(alice, admin, json("{'n':" + before + ",'m':1}"));
        Response second = node.patch(alice, admin, json("{'n':" + after + ",'m':2}"), "If-Match", first.header("ETag"));

        assertThat(second.status()).as(second.body()).isEqualTo(200);
        JsonNode expected = read(json("{'n':" + after + "}")).get("n");
        for (Response response : List.of(second, node.get(alice, admin))) {
            assertThat(response.json().get("n")).isEqualTo(expected);
            assertThat(response.json().get("m").asInt()).isEqualTo(2);
            assertThat(response.json().get("version").asLong())
                    .isEqualTo(first.json().get("version").asLong() + 1);
            assertThat(response.body()).doesNotContain("staged");
        }
        assertThat(node.patch(alice, admin, "{\"n\":1}", "If-Match", first.header("ETag"))
                        .status())
                .isEqualTo(412);
    }

    @Test
    void aPatchWithEqualNumbersInAnotherNotationChangesNothing() {
        Response first = node.patch(alice, admin, "{\"n\":{\"a\":1,\"b\":0.5}}");
        Response second = node.patch(alice, admin, "{\"n\":{\"b\":0.50,\"a\":1.0}}");

        assertThat(second.header("ETag")).isEqualTo(first.header("ETag"));
    }

    @Test
    void eachConcurrentPatchWithAnAlmostEqualNumberIsAppliedOnce() {
        long before = node.patch(alice, admin, "{\"n\":9223372036854775000}")
                .json()
                .get("version")
                .asLong();
        List<Thread> threads = new ArrayList<>();
        List<Integer> statuses = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 8; i++) {
            String value = "92233720368547750" + (10 + i);
            Thread thread = new Thread(() -> {
                Response response = node.patch(alice, admin, "{\"n\":" + value + "}");
                assertThat(response.json().get("n").asText()).isEqualTo(value);
                statuses.add(response.status());
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException stopping) {
                throw new AssertionError(stopping);
            }
        }

        assertThat(statuses).hasSize(8).containsOnly(200);
        assertThat(node.get(alice, admin).json().get("version").asLong()).isEqualTo(before + 8);
    }

    @Test
    void unicodeLineSeparatorsAreEscapedInNdjson() {
        String text = "a\u2028b\u2029c\u0085d";
        JsonNode result = imported("\"note\":\"" + text + "\"");
        assertThat(result.path("status").asText()).isEqualTo("created");

        Response export = node.get("/user/export", admin);
        assertThat(export.body())
                .contains("\"note\":\"a\\u2028b\\u2029c\\u0085d\"")
                .doesNotContain("\u2028")
                .doesNotContain("\u2029")
                .doesNotContain("\u0085");
        Response rejected = sendImport("{\"username\":\"x\",\"a" + text + "\":1}");
        assertThat(rejected.body())
                .contains("\"field\":\"aa\\u2028b\\u2029c\\u0085d\"")
                .doesNotContain("\u2028");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'enabled':false",
                "'Enabled':'false'",
                "'is_active':false",
                "'is_active':0",
                "'active':'f'",
                "'isEnabled':false",
                "'accountNonLocked':false",
                "'disabled':true",
                "'disabled':1",
                "'is_disabled':'t'",
                "'blocked':true",
                "'locked':'yes'",
                "'suspended':true",
                "'banned_until':'2030-01-01T00:00:00Z'",
                "'bannedUntil':1795513800",
                "'locked_at':'2026-11-01'",
                "'deleted_at':'2026-11-01'",
                "'isLockedOut':true",
                "'LockoutEnd':'2030-01-01T00:00:00Z'",
                "'nsAccountLock':'TRUE'",
                "'accountExpired':true",
                "'frozen':true",
                "'terminated_at':'2026-11-01'",
                "'can_login':false",
                "'allowLogin':'no'",
                "'user_status':'BLOCKED'",
                "'state':'suspended'"
            })
    void anImportRejectsAFlagOfADisabledAccountUnlessTheStatusIsDisabled(String field) {
        JsonNode result = imported(json(field));

        assertLineRejected(result, json(field).replaceAll("\"(\\w+)\":.*", "$1"), "status");
        assertThat(imported(json(field + ",'status':'disabled'")).path("status").asText())
                .isEqualTo("created");
        assertThat(create(json(field)).status()).isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'enabled':true",
                "'is_active':1",
                "'disabled':false",
                "'blocked':0",
                "'banned_until':null",
                "'deleted_at':''",
                "'user_status':0",
                "'state':'Ohio'",
                "'settings':{'enabled':false}",
                "'blocked':['alice','bob']",
                "'block':0",
                "'canLogin':true"
            })
    void anImportAcceptsFlagsOfAnActiveAccount(String field) {
        assertThat(imported(json(field)).path("status").asText()).isEqualTo("created");
    }

    @Test
    void anImportErrorSaysHowToRemoveRejectedFields() {
        JsonNode result = imported("\"__v\":0,\"_tmp_x\":{\"a\":1},\"profile\":[{\"first name\":1}]");

        assertLineRejected(result, "__v", "jq -c 'del(.. | .\"__v\"?)'");
        assertThat(result.toString()).contains("_tmp_x").contains("profile.0.first name");
        assertThat(create("\"__v\":0").body()).doesNotContain("jq");
    }

    private static Response create(String fields) {
        return node.post(
                "/user",
                admin,
                "{\"username\":\"user-" + number.incrementAndGet() + "\",\"password\":\"" + PASSWORD + "\"," + fields
                        + "}");
    }

    private static JsonNode imported(String fields) {
        Response response = sendImport("{\"username\":\"user-" + number.incrementAndGet() + "\"," + fields + "}");
        return read(response.body().lines().findFirst().orElseThrow());
    }

    private static Response sendImport(String lines) {
        return node.send("POST", "/user/import", lines, "auth", admin, "Content-Type", "application/x-ndjson");
    }

    private static void assertRejected(Response response, String field, String message) {
        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertErrors(response.json(), field, message);
    }

    private static void assertLineRejected(JsonNode result, String field, String message) {
        assertThat(result.path("code").asText()).as(result.toString()).isEqualTo("VALIDATION_FAILED");
        assertErrors(result, field, message);
    }

    private static void assertErrors(JsonNode response, String field, String message) {
        assertThat(response.path("errors")).anySatisfy(error -> {
            assertThat(error.path("field").asText()).isEqualTo(field);
            assertThat(error.path("message").asText()).contains(message);
        });
        assertThat(response.toString()).doesNotContain("something 1").doesNotContain(HASH);
    }

    private static String cached(String id) {
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            return String.valueOf(connection.sync().get("u:{" + id + "}"));
        }
    }

    private static Document stored(String id) {
        Document user =
                stores.users().find(new Document("_id", new ObjectId(id))).first();
        assertThat(user).isNotNull();
        return user;
    }

    private static String json(String withSingleQuotes) {
        return withSingleQuotes.replace('\'', '"');
    }

    private static JsonNode read(String json) {
        try {
            return Json.MAPPER.readTree(json);
        } catch (IOException malformed) {
            throw new AssertionError(json, malformed);
        }
    }
}
