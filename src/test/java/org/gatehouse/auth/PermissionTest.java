package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.gatehouse.war.ServiceClient.credentials;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bson.types.ObjectId;
import org.gatehouse.app.Node;
import org.gatehouse.identity.Permission;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ApiDescription;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tries every operation of the API description with every role that has permissions, and without one. */
class PermissionTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String FORM = "application/x-www-form-urlencoded";

    /** What {@code auditor} may do beyond the calls of every user. A new operation is added here on purpose only. */
    private static final Set<String> AUDITOR =
            Set.of("GET /user", "GET /user/{id}", "GET /user/{id}/overview", "GET /audit");

    /** What {@code support} may do beyond the calls of every user. */
    private static final Set<String> SUPPORT = Set.of(
            "GET /user",
            "GET /user/{id}",
            "GET /user/{id}/overview",
            "GET /user/{id}/session",
            "DELETE /user/{id}/session",
            "GET /user/{id}/throttle",
            "DELETE /user/{id}/throttle",
            "GET /audit",
            "GET /mail",
            "POST /mail/{id}/retry");

    /** What {@code introspect} may do beyond the calls of every user. */
    private static final Set<String> INTROSPECT = Set.of("POST /introspect", "POST /revoke");

    /** Ends the sessions of all tests. {@code EndAllSessionsTest} makes this call as an administrator. */
    private static final String END_ALL = "DELETE /session";

    private static final Map<String, Set<String>> ALLOWED = Map.of(
            "user", Set.of(),
            "auditor", AUDITOR,
            "support", SUPPORT,
            "introspect", INTROSPECT,
            "admin", restricted().keySet());

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static final String admin = node.adminToken();
    private static final AtomicInteger number = new AtomicInteger();

    private final String name = "permitted-" + number.incrementAndGet();

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    private record Account(String id, String name) {
        String token() {
            return node.token(name, PASSWORD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"user", "auditor", "support", "introspect", "admin"})
    void exactlyTheAllowedOperationsSucceed(String role) {
        Account caller = create(role);
        String token = caller.token();
        Set<String> allowed = new TreeSet<>();
        for (String route : tried(role)) {
            Response response = call(route, token, create("user"));
            if (isForbidden(response)) {
                continue;
            }
            allowed.add(route);
            assertThat(response.status()).as("%s %s", route, response.body()).isNotIn(401, 403, 500);
            if (!role.equals("admin") && !route.equals("POST /mail/{id}/retry")) {
                assertThat(response.status())
                        .as("%s %s", route, response.body())
                        .isLessThan(300);
            }
            if (node.get("/check", token).status() != 204) { // the call has ended all sessions
                token = caller.token();
            }
        }
        assertThat(allowed).isEqualTo(allowed(role));
    }

    @ParameterizedTest
    @ValueSource(strings = {"auditor", "support", "introspect", "admin"})
    void aServiceHasThePermissionsOfItsRoles(String role) {
        Response service = node.post("/service", admin, "{\"name\":\"" + name + "\",\"roles\":[\"" + role + "\"]}");
        Set<String> allowed = new TreeSet<>();
        for (String route : tried(role)) {
            String token = node.serviceToken(service.text("_id"), service.text("secret"));
            Response response = call(route, token, create("user"));
            if (!isForbidden(response)) {
                assertThat(response.status())
                        .as("%s %s", route, response.body())
                        .isNotIn(401, 403, 500);
                allowed.add(route);
            }
        }
        assertThat(allowed).isEqualTo(allowed(role));
    }

    @ParameterizedTest
    @ValueSource(strings = {"user", "auditor", "support", "introspect"})
    void everyOtherOperationIsOpenToEveryUser(String role) {
        Account caller = create(role);
        String token = caller.token();
        List<String> called = new ArrayList<>();
        for (String route : operations().keySet()) {
            JsonNode operation = operations().get(route);
            boolean own = operation.has("x-permission-unless") && route.contains("/user/{id}");
            if (operation.has("x-permission") && !own) {
                continue;
            }
            Response response = call(route, token, caller);
            assertThat(isForbidden(response))
                    .as("%s %s", route, response.body())
                    .isFalse();
            if (!operation.path("security").isEmpty()) {
                assertThat(response.text("code")).as(route).isNotEqualTo("TOKEN_MISSING");
            }
            called.add(route);
            if (node.get("/check", token).status() != 204) {
                caller = create(role); // the call has ended the session, or deletes the account
                token = caller.token();
            }
        }
        assertThat(called)
                .contains("GET /session", "PATCH /user/{id}", "PUT /user/{id}/password", "GET /factor", "GET /check");
    }

    @Test
    void withoutATokenEveryRestrictedOperationIsRejected() {
        for (String route : restricted().keySet()) {
            Response response = call(route, "", create("user"));
            assertThat(response.status()).as("%s %s", route, response.body()).isEqualTo(401);
            assertThat(response.text("code")).as(route).isEqualTo("TOKEN_MISSING");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auditor", "support"})
    void aRejectedCallChangesNothing(String role) {
        String token = create(role).token();
        Account other = create("user");
        String session = other.token();
        String before = node.get("/user/" + other.id(), admin).body();
        String patch = "{\"roles\":[\"admin\"],\"status\":\"disabled\",\"email\":\"" + name + "@example.com\"}";

        assertForbidden(node.patch("/user/" + other.id(), token, patch));
        assertForbidden(node.patch("/user/" + other.id(), token, "{\"color\":\"red\"}"));
        assertForbidden(put("/user/" + other.id() + "/password", token, "{\"newPassword\":\"" + PASSWORD + " 2\"}"));
        assertForbidden(put("/user/" + other.id() + "/email", token, "{\"email\":null}"));
        assertForbidden(node.delete("/user/" + other.id(), token));
        assertForbidden(node.delete("/session?all=true", token));
        assertForbidden(node.send("POST", "/revoke", "token=" + session, "auth", token, "Content-Type", FORM));

        assertThat(node.get("/user/" + other.id(), admin).body()).isEqualTo(before);
        assertThat(node.get("/check", session).status()).isEqualTo(204);
    }

    /** No call lets a caller grant a role, to itself or to an accomplice. */
    @ParameterizedTest
    @ValueSource(strings = {"user", "auditor", "support", "introspect"})
    void aCallerCannotGetMoreRights(String role) {
        Account caller = create(role);
        String token = caller.token();
        for (String granted : List.of("admin", "support", "auditor")) {
            String roles = "\"roles\":[\"" + granted + "\"]";
            String account = "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\"," + roles + "}";
            assertForbidden(node.patch("/user/me", token, "{" + roles + "}"));
            assertForbidden(node.patch("/user/" + caller.id(), token, "{" + roles + "}"));
            assertForbidden(node.post("/user", token, account));
            assertForbidden(node.post("/invitation", token, "{\"email\":\"a@example.com\"," + roles + "}"));
            assertForbidden(node.post("/service", token, "{\"name\":\"x\"," + roles + "}"));
            assertForbidden(node.send(
                    "POST", "/user/import", account + "\n", "auth", token, "Content-Type", "application/x-ndjson"));
        }
        assertThat(node.get("/user/me", token).json().path("roles")).hasToString("[\"" + role + "\"]");
        assertThat(node.get("/user?q=" + name + "&role=admin", admin).json()).isEmpty();
    }

    @Test
    void registrationGivesNoPermission() {
        String token = create("support").token();
        try (Node open = Node.start(stores, Map.of("REGISTRATION", "open"))) {
            String roles = "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"support\"]}";

            assertForbidden(open.post("/user", token, roles));
            assertForbidden(open.post("/user", "", roles));
        }
    }

    @Test
    void aServiceGetsNoRoleThatItsAccountLacks() {
        Response service =
                node.post("/service", admin, "{\"name\":\"" + name + "\",\"roles\":[\"reader\",\"support\"]}");
        String client = "&client_id=" + service.text("_id") + "&client_secret=" + service.text("secret");
        String grant = "grant_type=client_credentials" + client;

        Response more = node.send("POST", "/token", grant + "&scope=admin", "Content-Type", FORM);
        assertThat(more.text("code")).isEqualTo("SCOPE_INVALID");
        String less = node.send("POST", "/token", grant + "&scope=reader", "Content-Type", FORM)
                .text("access_token");
        assertForbidden(node.get("/user", less));
        String all = node.serviceToken(service.text("_id"), service.text("secret"));
        assertThat(node.get("/user", all).status()).isEqualTo(200);
    }

    @Test
    void aPermissionEndsWithTheRole() {
        Account caller = create("support");
        String token = caller.token();
        assertThat(node.get("/mail", token).status()).isEqualTo(200);

        node.patch("/user/" + caller.id(), admin, "{\"roles\":[\"auditor\"]}");

        assertForbidden(node.get("/mail", token));
        assertThat(node.get("/audit", token).status()).isEqualTo(200);
    }

    @Test
    void supportEndsTheSessionsOfAnAdministratorAndTheAuditLogNamesIt() {
        Account support = create("support");
        Account administrator = create("admin");
        String session = administrator.token();
        String token = support.token();

        assertThat(node.delete("/user/" + administrator.id() + "/session", token)
                        .status())
                .isEqualTo(204);
        assertThat(node.get("/check", session).status()).isEqualTo(401);

        List<String> entries = new ArrayList<>();
        node.get("/audit?user=" + administrator.id(), token).json().forEach(entry -> {
            if (entry.path("actor").asText().equals(support.id())) {
                entries.add(entry.path("type").asText());
            }
        });
        assertThat(entries).containsExactly("SESSION_ENDED");
    }

    @ParameterizedTest
    @CsvSource({"user, 204", "auditor, 204", "support, 204", "introspect, 403", "admin, 403"})
    void supportClearsTheFailuresOfAccountsWithoutFurtherPermissions(String role, int status) {
        Account account = create(role);
        assertThat(node.login(account.name(), "wrong").status()).isEqualTo(401);
        String path = "/user/" + account.id() + "/throttle";

        Response cleared = node.delete(path, create("support").token());

        assertThat(cleared.status()).as(cleared.body()).isEqualTo(status);
        assertThat(node.get(path, admin).json().path("sources")).hasSize(status == 204 ? 0 : 1);
        assertThat(node.delete(path, admin).status()).isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"auditor", "support"})
    void readsContainNoSecrets(String role) {
        String token = create(role).token();
        Account other = create("user");
        Response login = node.login(other.name(), PASSWORD);
        for (String route : ALLOWED.get(role)) {
            if (route.startsWith("GET ")) {
                assertThat(call(route, token, other).body())
                        .as(route)
                        .doesNotContain(PASSWORD, "$argon2", login.text("token"), login.text("refreshToken"))
                        .doesNotContainIgnoringCase("\"password", "secret", "hash\"");
            }
        }
    }

    private Account create(String role) {
        String username = name + "-" + number.incrementAndGet();
        String body =
                "{\"username\":\"" + username + "\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"" + role + "\"]}";
        Response created = node.post("/user", admin, body);
        assertThat(created.status()).as(created.body()).isEqualTo(201);
        return new Account(created.text("_id"), username);
    }

    /** Calls an operation with the account as its subject. */
    private static Response call(String route, String token, Account account) {
        String[] parts = route.split(" ", 2);
        String path = parts[1].replaceAll("/user/\\{id}", "/user/" + account.id())
                .replace("{purpose}", "verify-email")
                .replace("{form}", "json")
                .replace("{file}", "index.html")
                .replaceAll("\\{[^}]*}", new ObjectId().toHexString());
        String query = route.equals(END_ALL) ? "?all=true" : "";
        JsonNode body = ApiDescription.built().resolve(operations().get(route).path("requestBody"));
        String type = body.path("content").properties().stream()
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
        if (type.isEmpty()) {
            return node.send(parts[0], path + query, "", "auth", token);
        }
        return node.send(parts[0], path, body(type, account), "auth", token, "Content-Type", type);
    }

    private static String body(String type, Account account) {
        return switch (type) {
            case FORM -> "token=" + account.token();
            case "application/x-ndjson" -> credentials("a b", "") + "\n";
            default -> "{}";
        };
    }

    private static Response put(String path, String token, String body) {
        return node.send("PUT", path, body, "auth", token, "Content-Type", "application/json");
    }

    private static boolean isForbidden(Response response) {
        return response.status() == 403 && response.text("code").equals("FORBIDDEN");
    }

    private static void assertForbidden(Response response) {
        assertThat(response.status()).as(response.body()).isEqualTo(403);
        assertThat(response.text("code")).isEqualTo("FORBIDDEN");
    }

    /** Returns the operations that a caller with this role tries, of those that need a permission. */
    private static Set<String> tried(String role) {
        Set<String> routes = new TreeSet<>(restricted().keySet());
        if (role.equals("admin")) {
            routes.remove(END_ALL);
        }
        return routes;
    }

    private static Set<String> allowed(String role) {
        Set<String> allowed = new TreeSet<>(ALLOWED.get(role));
        allowed.retainAll(tried(role));
        return allowed;
    }

    /** Returns the operations that need a permission. */
    private static Map<String, JsonNode> restricted() {
        Map<String, JsonNode> restricted = new HashMap<>(operations());
        restricted.values().removeIf(operation -> !operation.has("x-permission"));
        return restricted;
    }

    private static Map<String, JsonNode> operations() {
        Map<String, JsonNode> operations = new HashMap<>();
        ApiDescription.built()
                .document()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation -> operations.put(
                                operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                                operation.getValue())));
        return operations;
    }

    @Test
    void everyPermissionBelongsToAdministrators() {
        assertThat(Stream.of(Permission.values()).filter(permission -> permission.isHeldBy(Set.of("admin"))))
                .hasSize(Permission.values().length);
        assertThat(Stream.of(Permission.values())
                        .filter(permission -> permission.isHeldBy(Set.of("auditor")))
                        .map(Permission::text)
                        .collect(Collectors.toSet()))
                .isEqualTo(Set.of("users:read", "audit:read"));
    }
}
