package org.gatehouse.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jwt.SignedJWT;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.store.Sha256;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests service accounts as an administrator manages them, and as services use them, on two nodes. */
class ServiceAccountsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String FORM = "application/x-www-form-urlencoded";
    private static final String GRANT = "grant_type=client_credentials";

    private static final Stores stores = new Stores();
    private static final SettableClock clock = SettableClock.atNow();
    private static final Queue<String> commands = new ConcurrentLinkedQueue<>();
    /** Each test calls from another address, because failures are counted by address. */
    private static final Map<String, String> settings = Map.of("TRUSTED_PROXIES", "127.0.0.1");

    private static final Node one = Node.start(stores, settings, clock, commands::add);
    private static final Node other = Node.start(stores, settings, clock, commands::add);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";

    private final String address = "192.0.2." + number.incrementAndGet();

    @BeforeAll
    static void logIn() {
        admin = one.adminToken();
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void theSecretIsShownOnceAndStoredAsADigest() {
        Response created = one.post("/service", admin, "{\"name\":\"Billing\",\"roles\":[\"introspect\",\"editor\"]}");

        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String id = created.text("_id");
        String secret = created.text("secret");
        assertThat(created.header("Location")).endsWith("service/" + id);
        assertThat(secret).matches("gh_[0-9A-Za-z]{49}");
        assertThat(created.json().path("roles").toString()).isEqualTo("[\"editor\",\"introspect\"]");
        assertThat(created.text("status")).isEqualTo("active");
        Response read = one.get("/service/" + id, admin);
        assertThat(read.body()).doesNotContain(secret).contains("Billing");
        assertThat(one.get("/service?limit=1000", admin).body())
                .doesNotContain(secret)
                .contains(id);
        Document stored = stores.collection("services")
                .find(new Document("_id", new ObjectId(id)))
                .first();
        assertThat(stored.toJson()).doesNotContain(secret);
        assertThat(stored.getList("secrets", Document.class)
                        .get(0)
                        .get("hash", Binary.class)
                        .getData())
                .isEqualTo(Sha256.of(secret.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void aServiceGetsATokenWithItsRoles() throws Exception {
        Account service = create("editor", "viewer");

        for (Response response : List.of(
                token(one, GRANT, basic(service.id, service.secret)),
                token(other, GRANT + "&client_id=" + service.id + "&client_secret=" + service.secret, ""))) {
            assertThat(response.status()).as(response.body()).isEqualTo(200);
            assertThat(response.header("Cache-Control")).contains("no-store");
            assertThat(response.text("token_type")).isEqualTo("Bearer");
            assertThat(response.text("scope")).isEqualTo("editor viewer");
            assertThat(response.json().path("expires_in").asLong()).isEqualTo(600);
            var claims = SignedJWT.parse(response.text("access_token")).getJWTClaimsSet();
            assertThat(claims.getSubject()).isEqualTo(service.id);
            assertThat(claims.getStringClaim("client_id")).isEqualTo(service.id);
            assertThat(claims.getStringClaim("scope")).isEqualTo("editor viewer");
            assertThat(claims.getStringListClaim("roles")).containsExactly("editor", "viewer");
            assertThat(claims.getClaim("sid")).isNull();
            assertThat(check(one, response.text("access_token"), "editor").status())
                    .isEqualTo(204);
        }
    }

    @Test
    void aScopeNarrowsTheRoles() {
        Account service = create("editor", "viewer");

        Response narrowed = token(one, GRANT + "&scope=viewer", basic(service.id, service.secret));

        assertThat(narrowed.text("scope")).isEqualTo("viewer");
        String token = narrowed.text("access_token");
        assertThat(check(one, token, "viewer").status()).isEqualTo(204);
        assertThat(check(one, token, "editor").status()).isEqualTo(403);
        assertThat(check(one, token, "viewer").header("X-Roles")).isEqualTo("viewer");
    }

    @ParameterizedTest
    @ValueSource(strings = {"admin", "viewer+admin", "Viewer", "viewer++editor", "viewer%0Aeditor", "openid"})
    void aScopeWithAnythingElseIsInvalid(String scope) {
        Account service = create("editor", "viewer");

        Response response = token(one, GRANT + "&scope=" + scope, basic(service.id, service.secret));

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("SCOPE_INVALID");
        assertThat(response.text("error")).isEqualTo("invalid_scope");
    }

    @Test
    void aRemovedRoleIsRefusedAtOnceOnEveryNodeAndAnAddedOneIsNotGranted() {
        Account service = create("editor", "viewer");
        String token = accessToken(service);
        assertThat(check(other, token, "editor").status()).isEqualTo(204);

        Response changed = one.patch("/service/" + service.id, admin, "{\"roles\":[\"viewer\",\"admin\"]}");

        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        assertThat(check(other, token, "editor").status()).isEqualTo(403);
        assertThat(check(other, token, "viewer").status()).isEqualTo(204);
        assertThat(other.get("/user", token).status()).isEqualTo(403);
    }

    @Test
    void aDisabledOrDeletedServiceIsRefusedAtOnceOnEveryNode() {
        Account service = create("viewer", "introspect");
        String token = accessToken(service);
        for (Node node : List.of(one, other)) {
            assertThat(check(node, token, "viewer").status()).isEqualTo(204);
            assertThat(introspect(node, token, basic(service.id, service.secret))
                            .status())
                    .isEqualTo(200);
        }

        assertThat(one.patch("/service/" + service.id, admin, "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        assertRefused(other, service, token);
        assertThat(introspect(other, token, admin).json().path("active").asBoolean())
                .isFalse();
        assertThat(other.patch("/service/" + service.id, admin, "{\"status\":\"active\"}")
                        .status())
                .isEqualTo(200);
        assertThat(check(one, token, "viewer").status())
                .as("a token from before")
                .isEqualTo(401);
        String later = accessToken(service);
        assertThat(check(other, later, "viewer").status()).isEqualTo(204);
        assertThat(other.delete("/service/" + service.id, admin).status()).isEqualTo(204);
        assertRefused(one, service, later);
        assertThat(one.get("/service/" + service.id, admin).status()).isEqualTo(404);
    }

    private void assertRefused(Node node, Account service, String token) {
        Response refused = check(node, token, "viewer");
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.text("code")).isEqualTo("SESSION_ENDED");
        for (Response response : List.of(
                token(node, GRANT, basic(service.id, service.secret)),
                introspect(node, token, basic(service.id, service.secret)))) {
            assertThat(response.status()).as(response.body()).isEqualTo(401);
            assertThat(response.text("error")).isEqualTo("invalid_client");
            assertThat(response.header("WWW-Authenticate")).startsWith("Basic");
        }
    }

    @Test
    void thePreviousSecretEndsAfterItsTime() {
        Account service = create("viewer");

        Response next = one.post("/service/" + service.id + "/secret", admin, "");

        assertThat(next.status()).as(next.body()).isEqualTo(201);
        assertThat(next.json().path("secrets")).hasSize(2);
        Account renewed = new Account(service.id, next.text("secret"));
        assertThat(renewed.secret).isNotEqualTo(service.secret);
        assertAccepted(true, service);
        assertAccepted(true, renewed);
        Response third = one.post("/service/" + service.id + "/secret", admin, "{\"previousExpiresIn\":60}");
        assertThat(third.status()).isEqualTo(409);
        assertThat(third.text("code")).isEqualTo("SECRET_LIMIT");

        clock.advance(Duration.ofHours(24).plusSeconds(1));

        admin = one.adminToken();
        assertAccepted(false, service);
        assertAccepted(true, renewed);
        assertThat(one.get("/service/" + service.id, admin).json().path("secrets"))
                .hasSize(1);
        assertThat(one.post("/service/" + service.id + "/secret", admin, "{\"previousExpiresIn\":60}")
                        .status())
                .isEqualTo(201);
        clock.advance(Duration.ofSeconds(61));
        assertAccepted(false, renewed);
    }

    @Test
    void withoutTimeThePreviousSecretsAndAllTokensEndAtOnce() {
        Account service = create("viewer");
        Account second = new Account(
                service.id,
                one.post("/service/" + service.id + "/secret", admin, "").text("secret"));
        String token = accessToken(second);
        assertThat(check(other, token, "viewer").status()).isEqualTo(204);

        Response next = one.post("/service/" + service.id + "/secret", admin, "{\"previousExpiresIn\":0}");

        assertThat(next.status()).as(next.body()).isEqualTo(201);
        assertAccepted(false, service);
        assertAccepted(false, second);
        assertAccepted(true, new Account(service.id, next.text("secret")));
        assertThat(check(other, token, "viewer").status()).isEqualTo(401);
    }

    private void assertAccepted(boolean accepted, Account service) {
        for (Node node : List.of(one, other)) {
            assertThat(token(node, GRANT, basic(service.id, service.secret)).status())
                    .isEqualTo(accepted ? 200 : 401);
        }
    }

    @Test
    void aServiceWithTheRoleAdminAdministratesButIsNeverTheLastAdministrator() {
        Account service = create("admin");
        String token = accessToken(service);
        Response created =
                one.post("/user", token, "{\"username\":\"by-service\",\"password\":\"correct horse battery staple\"}");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String id = created.text("_id");
        String root = one.get("/user/me", admin).text("_id");

        assertThat(one.get("/user?limit=1", token).status()).isEqualTo(200);
        assertThat(other.patch("/user/" + id, token, "{\"roles\":[\"user\",\"editor\"]}")
                        .status())
                .isEqualTo(200);
        Response demoted = other.patch("/user/" + root, token, "{\"roles\":[\"user\"]}");
        assertThat(demoted.text("code")).isEqualTo("LAST_ADMINISTRATOR");
        assertThat(other.delete("/user/" + root, token).text("code")).isEqualTo("LAST_ADMINISTRATOR");
        assertThat(other.delete("/user/" + id, token).status()).isEqualTo(204);
        JsonNode entries = one.get("/audit?user=" + id, admin).json();
        assertThat(entries.findValuesAsText("actor")).contains(service.id).doesNotContain(root);
    }

    @Test
    void callsForPeopleAreRefusedWithAReason() {
        String token = accessToken(create("admin"));
        List<Response> responses = List.of(
                one.get("/user/me", token),
                one.get("/session", token),
                one.delete("/session?others=true", token),
                one.delete("/session?others=true&all=true", token),
                one.delete("/session/AAAAAAAAAAAAAAAAAAAAAA", token),
                one.patch("/user/me", token, "{\"a\":1}"),
                one.send(
                        "PUT",
                        "/user/me/password",
                        "{\"currentPassword\":\"x\",\"newPassword\":\"correct horse battery staple\"}",
                        "auth",
                        token,
                        "Content-Type",
                        "application/json"),
                one.post("/logout", token, ""));

        for (Response response : responses) {
            assertThat(response.status()).as(response.body()).isEqualTo(403);
            assertThat(response.text("message")).contains("for users");
        }
    }

    @Test
    void aUsersNameAndPasswordAreNeverAccepted() {
        String id = one.create(admin, "introspector-" + address.replace('.', '-'), PASSWORD);
        assertThat(one.patch("/user/" + id, admin, "{\"roles\":[\"introspect\"]}")
                        .status())
                .isEqualTo(200);

        for (String name : List.of("introspector-" + address.replace('.', '-'), id)) {
            assertThat(token(one, GRANT, basic(name, PASSWORD)).text("code")).isEqualTo("CLIENT_WRONG");
            assertThat(introspect(one, "x", basic(name, PASSWORD)).text("code")).isEqualTo("CLIENT_WRONG");
        }
        Response elsewhere = one.send("GET", "/user/me", "", "Authorization", basic(id, PASSWORD));
        assertThat(elsewhere.text("code")).isEqualTo("TOKEN_MISSING");
    }

    @Test
    void basicCredentialsOpenOnlyTheCallsForServices() {
        Account service = create("admin");
        String credentials = basic(service.id, service.secret);

        assertThat(one.send("GET", "/user", "", "Authorization", credentials).text("code"))
                .isEqualTo("TOKEN_MISSING");
        assertThat(one.send("GET", "/check", "", "Authorization", credentials).status())
                .isEqualTo(401);
        assertThat(introspect(one, accessToken(service), credentials)
                        .json()
                        .path("active")
                        .asBoolean())
                .isTrue();
        Account without = create("viewer");
        assertThat(introspect(one, "x", basic(without.id, without.secret)).status())
                .isEqualTo(403);
    }

    @Test
    void twoKindsOfCredentialsAreRejected() {
        Account service = create("introspect");
        String credentials = basic(service.id, service.secret);
        String inBody = "&client_id=" + service.id + "&client_secret=" + service.secret;
        List<Response> responses = List.of(
                token(one, GRANT + inBody, credentials),
                token(one, GRANT + "&client_id=000000000000000000000000", credentials),
                post(one, "/token", GRANT + inBody, "Authorization", "Bearer " + admin),
                post(one, "/token", GRANT, "Authorization", credentials, "auth", admin),
                post(one, "/introspect", "token=x", "Authorization", credentials, "auth", admin),
                post(one, "/revoke", "token=x", "Authorization", credentials, "auth", admin),
                post(
                        one,
                        "/introspect",
                        "token=x",
                        "Authorization",
                        credentials,
                        "Authorization",
                        basic(service.id, "other")));

        for (Response response : responses) {
            assertThat(response.status()).as(response.body()).isEqualTo(400);
            assertThat(response.text("error")).isEqualTo("invalid_request");
        }
        assertThat(token(one, GRANT + "&client_id=" + service.id, credentials).status())
                .isEqualTo(200);
    }

    @Test
    void encodedCredentialsAreAccepted() {
        Account service = create("viewer");
        String encoded = "%" + Integer.toHexString(service.id.charAt(0)) + service.id.substring(1);

        assertThat(token(one, GRANT, basic(encoded, service.secret.replace("_", "%5F")))
                        .status())
                .isEqualTo(200);
        assertThat(token(one, GRANT, basic(service.id.toUpperCase(Locale.ROOT), service.secret))
                        .status())
                .isEqualTo(200);
        assertThat(token(one, GRANT, basic(service.id, service.secret).replace("Basic", "bAsIc"))
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Basic", "Basic !", "Basic " + "AAAA====", "Basic w6k6w6k=", "Basic Og==", "Basic JTpaJQ=="})
    void malformedCredentialsAreRejected(String header) {
        Response response = token(one, GRANT, header);

        assertThat(response.status()).as(response.body()).isEqualTo(401);
        assertThat(response.text("error")).isEqualTo("invalid_client");
    }

    @ParameterizedTest
    @CsvSource({
        "'', invalid_request",
        "grant_type=, invalid_request",
        "grant_type=client_credentials&grant_type=client_credentials, invalid_request",
        "grant_type=client_credentials&scope=a&scope=b, invalid_request",
        "grant_type=password&username=root&password=x, unsupported_grant_type",
        "grant_type=refresh_token&refresh_token=x, unsupported_grant_type",
        "grant_type=CLIENT_CREDENTIALS, unsupported_grant_type"
    })
    void aRequestWithoutTheGrantIsRejected(String form, String error) {
        Account service = create("viewer");

        Response response = token(one, form, basic(service.id, service.secret));

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("error")).isEqualTo(error);
        assertThat(response.text("code")).isNotEmpty();
    }

    @Test
    void failuresAreCountedAndRecordedButNeverLockOutTheService() {
        Account service = create("introspect");
        String wrong = basic(service.id, create("viewer").secret);
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            statuses.add(token(i % 2 == 0 ? one : other, GRANT, wrong).status());
        }

        assertThat(statuses.subList(0, 10)).containsOnly(401);
        assertThat(statuses.subList(10, 12)).containsOnly(429);
        assertThat(token(one, GRANT, basic(service.id, service.secret)).status())
                .isEqualTo(200);
        JsonNode entries =
                one.get("/audit?type=CLIENT_REJECTED&limit=100", admin).json();
        assertThat(entries.findValuesAsText("service").stream()
                        .filter(service.id::equals)
                        .count())
                .as("each node records the first throttled failure")
                .isEqualTo(10 + 2);
        assertThat(entries.toString()).contains("wrong secret").doesNotContain("gh_");
    }

    @Test
    void manyUnknownIdsOfOneSourceDoNotFillRedis() {
        Account service = create("introspect");
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> redis = client.connect()) {
            // From now on, the cache stores what it has read.
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                assertThat(token(one, GRANT, basic(service.id, service.secret)).status())
                        .isEqualTo(200);
                return redis.sync().exists("s:service:{" + service.id + "}") == 1;
            });
            String unknown = "fffffffffffffffffffff";
            for (int i = 0; i < 120; i++) {
                token(one, GRANT, basic(unknown + (i + 100), service.secret));
            }

            token(one, GRANT, basic(unknown + "fff", service.secret));

            assertThat(redis.sync().exists("s:service:{" + unknown + "fff}")).isZero();
            assertThat(token(one, GRANT, basic(service.id, service.secret)).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void aKnownServiceIsCheckedWithoutMongo() {
        Account service = create("introspect");
        String token = accessToken(service);
        String credentials = basic(service.id, service.secret);

        // The nodes also read MongoDB by themselves, so a few requests in a row without a read are enough.
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            commands.clear();
            for (int i = 0; i < 5; i++) {
                assertThat(introspect(other, token, credentials).status()).isEqualTo(200);
                assertThat(token(other, GRANT, credentials).status()).isEqualTo(200);
            }
            return commands.isEmpty();
        });
    }

    @Test
    void aSecretIsReplacedUnderLoadWithoutARefusal() throws Exception {
        Account service = create("introspect");
        String token = accessToken(service);
        Queue<Integer> statuses = new ConcurrentLinkedQueue<>();
        var current = new AtomicReference<>(service.secret);
        var stopped = new AtomicBoolean();
        Map<Node, AtomicInteger> done = Map.of(one, new AtomicInteger(), other, new AtomicInteger());
        List<Thread> threads = new ArrayList<>();
        done.forEach((node, count) -> {
            Thread thread = new Thread(() -> {
                while (!stopped.get()) {
                    statuses.add(introspect(node, token, basic(service.id, current.get()))
                            .status());
                    count.incrementAndGet();
                }
            });
            thread.start();
            threads.add(thread);
        });

        for (int i = 0; i < 3; i++) {
            Response next = one.post("/service/" + service.id + "/secret", admin, "{\"previousExpiresIn\":1}");
            assertThat(next.status()).as(next.body()).isEqualTo(201);
            current.set(next.text("secret"));
            // After two more requests, each thread uses the new secret.
            done.values().forEach(count -> count.set(0));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> done.values().stream().allMatch(count -> count.get() >= 2));
            clock.advance(Duration.ofSeconds(2));
        }
        stopped.set(true);
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(statuses).containsOnly(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                          | name",
                "{\"name\":null}                             | name",
                "{\"name\":7}                                | name",
                "{\"name\":\" \"}                            | name",
                "{\"name\":\"a\\u0000b\"}                    | name",
                "{\"name\":\"a\",\"roles\":\"admin\"}        | roles",
                "{\"name\":\"a\",\"roles\":[\"Admin\"]}      | roles",
                "{\"name\":\"a\",\"roles\":[1]}              | roles",
                "{\"name\":\"a\",\"status\":\"active\"}      | status",
                "{\"name\":\"a\",\"secret\":\"gh_x\"}        | secret"
            })
    void aWrongBodyCreatesNothing(String body, String field) {
        long before = stores.collection("services").countDocuments();

        Response response = one.post("/service", admin, body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly(field);
        assertThat(stores.collection("services").countDocuments()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "2592001", "1.5", "\"60\"", "true", "1e3", "99999999999999999999"})
    void aWrongTimeChangesNothing(String seconds) {
        Account service = create("viewer");

        Response response =
                one.post("/service/" + service.id + "/secret", admin, "{\"previousExpiresIn\":" + seconds + "}");

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(one.get("/service/" + service.id, admin).json().path("secrets"))
                .hasSize(1);
    }

    @Test
    void conditionsAreHonored() {
        Account service = create("viewer");
        String path = "/service/" + service.id;
        String tag = one.get(path, admin).header("ETag");

        assertThat(one.send("GET", path, "", "auth", admin, "If-None-Match", tag)
                        .status())
                .isEqualTo(304);
        assertThat(one.patch(path, admin, "{\"name\":\"New\"}", "If-Match", tag).status())
                .isEqualTo(200);
        assertThat(one.patch(path, admin, "{\"name\":\"Newer\"}", "If-Match", tag)
                        .status())
                .isEqualTo(412);
        assertThat(one.send("DELETE", path, "", "auth", admin, "If-Match", tag).status())
                .isEqualTo(412);
        assertThat(one.get(path, admin).text("name")).isEqualTo("New");
    }

    @Test
    void onlyAdministratorsManageServices() {
        Account service = create("introspect");
        String token = accessToken(service);
        String path = "/service/" + service.id;
        List<Response> responses = List.of(
                one.get("/service", token),
                one.get(path, token),
                one.post("/service", token, "{\"name\":\"x\"}"),
                one.patch(path, token, "{\"roles\":[\"admin\"]}"),
                one.post(path + "/secret", token, ""),
                one.delete(path, token));

        assertThat(responses).extracting(Response::status).containsOnly(403);
        assertThat(one.get("/service/nothing", admin).text("code")).isEqualTo("SERVICE_NOT_FOUND");
    }

    @Test
    void theListHasPages() {
        for (int i = 0; i < 3; i++) {
            create("viewer");
        }
        List<String> collected = new ArrayList<>();
        String next = "/service?limit=2";
        while (!next.isEmpty()) {
            Response page = one.get(next, admin);
            assertThat(page.status()).as(page.body()).isEqualTo(200);
            collected.addAll(page.json().findValuesAsText("_id"));
            next = page.next();
        }

        assertThat(collected).doesNotHaveDuplicates().hasSize((int)
                stores.collection("services").countDocuments());
    }

    private record Account(String id, String secret) {}

    private static Account create(String... roles) {
        String quoted = "[\"" + String.join("\",\"", roles) + "\"]";
        Response created = one.post("/service", admin, "{\"name\":\"a service\",\"roles\":" + quoted + "}");
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        return new Account(created.text("_id"), created.text("secret"));
    }

    private String accessToken(Account service) {
        Response response = token(one, GRANT, basic(service.id, service.secret));
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        return response.text("access_token");
    }

    private Response token(Node node, String form, String authorization) {
        return post(node, "/token", form, "Authorization", authorization);
    }

    private Response introspect(Node node, String token, String credentials) {
        String form = "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8);
        return credentials.startsWith("Basic")
                ? post(node, "/introspect", form, "Authorization", credentials)
                : post(node, "/introspect", form, "auth", credentials);
    }

    private Response post(Node node, String path, String form, String... headers) {
        List<String> all = new ArrayList<>(List.of("Content-Type", FORM, "X-Forwarded-For", address));
        all.addAll(List.of(headers));
        return node.send("POST", path, form, all.toArray(String[]::new));
    }

    private static Response check(Node node, String token, String role) {
        return node.get("/check?role=" + role, token);
    }

    private static String basic(String id, String secret) {
        return "Basic " + Base64.getEncoder().encodeToString((id + ":" + secret).getBytes(StandardCharsets.UTF_8));
    }
}
