package org.gatehouse.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.nimbusds.jwt.SignedJWT;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.bson.Document;
import org.gatehouse.app.Node;
import org.gatehouse.json.Json;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests the audit entries that calls write. Each call has a unique client address and a unique request id. The test
 * finds the entries of a call by the request id.
 */
class AuditTrailTest {
    /** Every password of this test contains this text. No other data contains it. */
    private static final String MARK = "Xylophon";

    private static final String PASSWORD = MARK + " on a painted horse";
    private static final String OTHER_PASSWORD = MARK + " under seven bridges";

    private static final Stores stores = new Stores();
    private static final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private static final PrintStream systemOut = System.out;
    private static final Queue<String> secrets = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger number = new AtomicInteger();
    private static final Node gatehouse = start();
    private static String admin = "";
    private static String adminId = "";

    private final String username = "User-" + number.incrementAndGet();
    private final String id = gatehouse.create(admin, username, PASSWORD);

    /** A call, with the data that the test needs to find and check the entries of the call. */
    private record Call(String requestId, String address, Response response) {
        String sid() {
            try {
                return SignedJWT.parse(response.text("token")).getJWTClaimsSet().getStringClaim("sid");
            } catch (ParseException malformed) {
                throw new AssertionError(malformed);
            }
        }

        String token() {
            return response.text("token");
        }
    }

    /**
     * Replaces {@code System.out} before the node starts, because the node's log keeps the stream that exists at its
     * start.
     */
    private static Node start() {
        System.setOut(new PrintStream(new Tee(systemOut, logged), true, StandardCharsets.UTF_8));
        return Node.start(stores, Map.of("TRUSTED_PROXIES", "127.0.0.1", "REGISTRATION", "open"));
    }

    @BeforeAll
    static void login() {
        admin = call("POST", "/login", credentials(Node.ADMIN, Node.ADMIN_PASSWORD), "")
                .token();
        adminId = gatehouse.get("/user/me", admin).text("_id");
    }

    @AfterAll
    static void stop() {
        System.setOut(systemOut);
        gatehouse.close();
        stores.close();
    }

    @Test
    void aLoginIsRecorded() {
        Call login = login(PASSWORD);

        assertThat(login.response().status()).isEqualTo(200);
        assertEntries(login, entry(login, "LOGIN_SUCCEEDED", id, id, username, "session", login.sid()));
    }

    @Test
    void aFailedLoginIsRecordedWithItsReason() {
        Call wrong = login(OTHER_PASSWORD);
        Call unknown = call("POST", "/login", credentials(PASSWORD, PASSWORD), "");
        gatehouse.patch("/user/" + id, admin, "{\"status\":\"disabled\"}");
        Call disabled = login(PASSWORD);

        for (Call call : List.of(wrong, unknown, disabled)) {
            assertThat(call.response().text("code")).isEqualTo("CREDENTIALS_WRONG");
        }
        assertEntries(wrong, entry(wrong, "LOGIN_FAILED", "", id, username, "reason", "wrong password"));
        assertEntries(unknown, entry(unknown, "LOGIN_FAILED", "", "", "", "reason", "unknown user"));
        assertEntries(disabled, entry(disabled, "LOGIN_FAILED", "", id, username, "reason", "disabled"));
    }

    @Test
    void aThrottledLoginIsRecordedOnce() {
        String address = address();
        for (int i = 0; i < 10; i++) {
            callFrom(address, "POST", "/login", credentials(username, OTHER_PASSWORD + i), "");
        }

        Call throttled = callFrom(address, "POST", "/login", credentials(username, PASSWORD), "");
        Call again = callFrom(address, "POST", "/login", credentials(username, PASSWORD), "");

        assertThat(throttled.response().status()).isEqualTo(429);
        assertThat(again.response().status()).isEqualTo(429);
        assertEntries(throttled, entry(throttled, "LOGIN_FAILED", "", id, username, "reason", "throttled"));
        assertEntries(again); // a throttled login adds at most one entry per minute

        Call cleared = call("DELETE", "/user/" + id + "/throttle", "", admin);
        assertThat(cleared.response().status()).isEqualTo(204);
        assertEntries(cleared, entry(cleared, "THROTTLE_CLEARED", adminId, id, username));
    }

    @Test
    void aLogoutIsRecorded() {
        Call login = login(PASSWORD);

        Call logout = call("POST", "/logout", "", login.token());
        Call again = call("POST", "/logout", "", login.token());
        Call withoutCaller = call("POST", "/logout", "", "junk");

        assertEntries(logout, entry(logout, "LOGOUT", id, id, "", "session", login.sid()));
        assertEntries(again);
        assertEntries(withoutCaller);

        Call elsewhere =
                call("POST", "/logout", "{\"everywhere\":true}", login(PASSWORD).token());
        assertEntries(elsewhere, entry(elsewhere, "LOGOUT_EVERYWHERE", id, id, "", "session", "all"));
    }

    @Test
    void aReusedRefreshTokenIsRecordedOnce() {
        Call login = login(PASSWORD);
        Call next = refresh(login);
        Call last = refresh(next);
        assertEntries(next);
        assertEntries(last);

        Call reuse = refresh(login);
        Call again = refresh(login);

        assertThat(reuse.response().text("code")).isEqualTo("SESSION_ENDED");
        assertEntries(reuse, entry(reuse, "TOKEN_REUSED", "", id, "", "session", login.sid()));
        assertEntries(again);
    }

    @Test
    void theEndOfASessionIsRecordedWithItsActor() {
        Call current = login(PASSWORD);
        Call lost = login(PASSWORD);

        Call ended = call("DELETE", "/session/" + lost.sid(), "", current.token());
        Call again = call("DELETE", "/session/" + lost.sid(), "", current.token());
        Call others = call("DELETE", "/session?others=true", "", current.token());
        Call all = call("DELETE", "/user/" + id + "/session", "", admin);

        assertEntries(ended, entry(ended, "SESSION_ENDED", id, id, "", "session", lost.sid()));
        assertEntries(again);
        assertEntries(others, entry(others, "SESSION_ENDED", id, id, "", "session", "all but " + current.sid()));
        assertEntries(all, entry(all, "SESSION_ENDED", adminId, id, "", "session", "all"));
    }

    @Test
    void aChangedOrResetPasswordIsRecorded() {
        Call login = login(PASSWORD);
        String path = "/user/" + id + "/password";

        Call rejected = call("PUT", path, passwords(OTHER_PASSWORD, OTHER_PASSWORD), login.token());
        Call changed = call("PUT", path, passwords(PASSWORD, OTHER_PASSWORD), login.token());
        Call reset = call("PUT", path, passwords("", PASSWORD), admin);

        assertThat(rejected.response().status()).isEqualTo(400);
        assertEntries(changed, entry(changed, "PASSWORD_CHANGED", id, id, username));
        assertEntries(reset, entry(reset, "PASSWORD_RESET", adminId, id, username));
    }

    @Test
    void theCreationAndDeletionOfAUserAreRecorded() {
        Call byAdmin = call("POST", "/user", credentials("by-admin-" + username, PASSWORD), admin);
        Call byItself = call("POST", "/user", credentials("by-itself-" + username, PASSWORD), "");
        Call taken = call("POST", "/user", credentials(username, PASSWORD), admin);

        String made = byAdmin.response().text("_id");
        assertEntries(byAdmin, entry(byAdmin, "USER_CREATED", adminId, made, "by-admin-" + username, "to", "user"));
        assertEntries(
                byItself,
                entry(
                        byItself,
                        "USER_CREATED",
                        "",
                        byItself.response().text("_id"),
                        "by-itself-" + username,
                        "to",
                        "user"));
        assertThat(taken.response().status()).isEqualTo(409);
        assertEntries(taken);

        Call deleted = call("DELETE", "/user/" + made, "", admin);
        assertEntries(deleted, entry(deleted, "USER_DELETED", adminId, made, "by-admin-" + username));
    }

    @Test
    void changesOfStatusRolesAndUsernameAreRecorded() {
        String name = "Renamed-" + username;
        Call one = call(
                "PATCH",
                "/user/" + id,
                "{\"username\":\"" + name + "\",\"roles\":[\"user\",\"auditor\"],\"status\":\"disabled\"}",
                admin);
        Call other = call("PATCH", "/user/" + id, "{\"status\":\"active\",\"roles\":[\"auditor\",\"user\"]}", admin);
        Call field = call("PATCH", "/user/" + id, "{\"city\":\"Bern\"}", admin);

        assertEntries(
                one,
                entry(one, "STATUS_CHANGED", adminId, id, name, "from", "active", "to", "disabled"),
                entry(one, "ROLES_CHANGED", adminId, id, name, "from", "user", "to", "auditor, user"),
                entry(one, "USERNAME_CHANGED", adminId, id, name, "from", username, "to", name));
        assertEntries(other, entry(other, "STATUS_CHANGED", adminId, id, name, "from", "disabled", "to", "active"));
        assertEntries(field);
    }

    @Test
    void theRotationAndRevocationOfAKeyAreRecorded() {
        Call rotated = call("POST", "/key/rotate", "", admin);
        String kid = rotated.response().text("kid");
        Call revoked = call("DELETE", "/key/" + kid, "", admin);

        assertThat(revoked.response().status()).isEqualTo(204);
        assertEntries(rotated, entry(rotated, "KEY_ROTATED", adminId, "", "", "kid", kid));
        assertEntries(revoked, entry(revoked, "KEY_REVOKED", adminId, "", "", "kid", kid));
    }

    @Test
    void noSecretIsStoredOrLogged() {
        // Some calls contain common mistakes: the password in place of the name, and a truncated body.
        Call login = login(PASSWORD);
        call("POST", "/login", credentials(PASSWORD, PASSWORD), "");
        call("POST", "/login", "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD, "");
        call("POST", "/user", credentials(username, PASSWORD), login.token());
        call("PUT", "/user/me/password", passwords(OTHER_PASSWORD, PASSWORD), login.token());
        call("PUT", "/user/me/password", passwords(PASSWORD, OTHER_PASSWORD), login.token());
        call("GET", "/user/me", "", login.token());
        call("GET", "/user/me", "", login.token() + "x");
        Call next = refresh(login);
        refresh(next);
        refresh(login);
        Call logout = call("POST", "/logout", "", login.token());

        Map<String, String> contents = Map.of(
                "the audit log", gatehouse.get("/audit?limit=1000", admin).body(),
                "MongoDB", mongo(),
                "Redis", redis(),
                "the application's log", logged.toString(StandardCharsets.UTF_8));
        assertThat(contents.get("the audit log")).contains(login.requestId());
        assertThat(contents.get("MongoDB")).contains(login.requestId(), login.sid());
        assertThat(contents.get("Redis")).contains("throttle:");
        assertThat(contents.get("the application's log")).contains(logout.requestId());
        assertThat(secrets).hasSizeGreaterThan(5);
        contents.forEach((place, text) -> {
            assertThat(text).as(place).doesNotContainIgnoringCase(MARK);
            for (String secret : secrets) {
                assertThat(text).as(place).doesNotContain(secret);
            }
        });
    }

    /** Returns everything that the service has stored in MongoDB. */
    private static String mongo() {
        StringBuilder all = new StringBuilder();
        for (String name : List.of("users", "sessions", "audit", "meta", "signingKeys")) {
            for (Document document : stores.collection(name).find()) {
                all.append(document.toJson()).append('\n');
            }
        }
        return all.toString();
    }

    private static String redis() {
        StringBuilder all = new StringBuilder();
        try (RedisClient client = RedisClient.create(stores.redis().uri());
                StatefulRedisConnection<String, String> connection = client.connect()) {
            RedisCommands<String, String> redis = connection.sync();
            for (String key : redis.keys("*")) {
                String value = switch (redis.type(key)) {
                    case "string" -> String.valueOf(redis.get(key));
                    case "hash" -> redis.hgetall(key).toString();
                    case "none" -> ""; // the key expired after KEYS listed it
                    default -> throw new AssertionError("unsupported type of the key " + key);
                };
                all.append(key).append('=').append(value).append('\n');
            }
        }
        return all.toString();
    }

    /**
     * Checks that the call wrote exactly these entries. The newest entry is the first. The entries may belong to any
     * user.
     */
    private static void assertEntries(Call call, ObjectNode... expected) {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode entry : gatehouse.get("/audit?limit=1000", admin).json()) {
            if (entry.path("requestId").asText().equals(call.requestId())) {
                found.add(((ObjectNode) entry).without(List.of("_id", "at", "userAgent")));
            }
        }
        assertThat(found).as(call.response().body()).containsExactly(expected);
    }

    /** @param details alternating field names and values */
    private static ObjectNode entry(
            Call call, String type, String actor, String user, String username, String... details) {
        ObjectNode entry = Json.MAPPER.createObjectNode().put("type", type);
        putUnlessEmpty(entry, "actor", actor);
        putUnlessEmpty(entry, "user", user);
        putUnlessEmpty(entry, "username", username);
        entry.put("address", call.address()).put("requestId", call.requestId());
        for (int i = 0; i < details.length; i += 2) {
            entry.withObjectProperty("details").put(details[i], details[i + 1]);
        }
        return entry;
    }

    private static void putUnlessEmpty(ObjectNode entry, String field, String value) {
        if (!value.isEmpty()) {
            entry.put(field, value);
        }
    }

    private Call login(String password) {
        return call("POST", "/login", credentials(username, password), "");
    }

    private static Call refresh(Call tokens) {
        String token = tokens.response().text("refreshToken");
        return call("POST", "/token/refresh", "{\"refreshToken\":\"" + token + "\"}", "");
    }

    private static Call call(String method, String path, String body, String token) {
        return callFrom(address(), method, path, body, token);
    }

    private static Call callFrom(String address, String method, String path, String body, String token) {
        String requestId = "request-" + number.incrementAndGet() + ".";
        Response response = gatehouse.send(
                method,
                path,
                body,
                "auth",
                token,
                "Content-Type",
                "application/json",
                "X-Request-Id",
                requestId,
                "X-Forwarded-For",
                address);
        if (response.status() == 200 && response.body().contains("\"refreshToken\"")) {
            secrets.add(response.text("refreshToken"));
            secrets.add(response.text("token"));
            secrets.add(response.text("token").split("\\.", -1)[2]);
        }
        return new Call(requestId, address, response);
    }

    private static String passwords(String current, String wanted) {
        ObjectNode body = Json.MAPPER.createObjectNode();
        putUnlessEmpty(body, "currentPassword", current);
        return body.put("newPassword", wanted).toString();
    }

    private static String address() {
        int n = number.incrementAndGet();
        return "10.0." + (n >> 8 & 255) + "." + (n & 255);
    }

    /** Writes all output to two streams. */
    private static final class Tee extends OutputStream {
        private final PrintStream one;
        private final ByteArrayOutputStream other;

        Tee(PrintStream one, ByteArrayOutputStream other) {
            this.one = one;
            this.other = other;
        }

        @Override
        public void write(int b) {
            one.write(b);
            other.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            one.write(bytes, offset, length);
            other.write(bytes, offset, length);
        }

        @Override
        public void flush() {
            one.flush();
        }
    }
}
