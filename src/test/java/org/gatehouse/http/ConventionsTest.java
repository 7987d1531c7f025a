package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gatehouse.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what HTTP requires of every response: the error format, methods, headers, and CORS. */
class ConventionsTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String PROBLEM = "application/problem+json";
    private static final String LISTED_ORIGIN = "https://app.example.com";

    private static final Stores stores = new Stores();
    private static final Node node =
            Node.start(stores, Map.of("CORS_ORIGINS", LISTED_ORIGIN + ", http://localhost:5173"));
    private static String admin = "";
    private static String id = "";

    @BeforeAll
    static void createAlice() {
        admin = node.adminToken();
        id = node.create(admin, "alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @Test
    void anErrorIsAProblemIfTheClientAcceptsProblems() {
        Answer answer = node.send(
                "POST",
                "/user",
                "{\"username\":\"x\",\"password\":7}",
                "auth",
                admin,
                "Content-Type",
                "application/json",
                "Accept",
                PROBLEM);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.header("Content-Type")).isEqualTo(PROBLEM);
        assertThat(answer.headers().allValues("Vary")).contains("Accept");
        assertThat(answer.text("type")).isEqualTo("urn:gatehouse:error:validation-failed");
        assertThat(answer.text("title")).isEqualTo("Some fields are not acceptable.");
        assertThat(answer.json().path("status").intValue()).isEqualTo(400);
        assertThat(answer.text("detail")).isNotEmpty();
        assertThat(answer.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(answer.text("requestId")).isEqualTo(answer.header("X-Request-Id"));
        assertThat(answer.json().path("errors").findValuesAsText("field")).contains("username", "password");
        assertThat(answer.json().has("message")).isFalse();
    }

    @Test
    void aTokenErrorAsAProblemKeepsItsNameAndChallenge() {
        Answer answer = node.send("GET", "/user/me", "", "auth", "x", "Accept", "application/json, " + PROBLEM);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text("name")).isEqualTo("JsonWebTokenError");
        assertThat(answer.text("detail")).isEqualTo("jwt malformed");
        assertThat(answer.header("WWW-Authenticate")).contains("invalid_token");
    }

    @Test
    void aClientThatAcceptsOnlyProblemsGetsOtherResponsesAsJson() {
        Answer answer = node.send("GET", "/user/me", "", "auth", admin, "Accept", PROBLEM);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(node.send("POST", "/logout", "", "Accept", PROBLEM).status()).isEqualTo(200);
    }

    @Test
    void aLoginWithoutItsFieldsIsRejectedWithTheNamesOfBoth() {
        Answer answer = node.post("/login", "", "{\"username\":7}");

        assertThat(answer.text("message")).isEqualTo("Username or password field is missing!");
        assertThat(answer.json().path("errors").findValuesAsText("field")).containsExactly("username", "password");
    }

    @Test
    void headHasTheHeadersOfGetAndNoBody() {
        for (String path :
                List.of("/user/" + id, "/user/me", "/user", "/.well-known/jwks.json", "/session", "/nothing")) {
            Answer get = node.get(path, admin);
            Answer head = node.send("HEAD", path, "", "auth", admin);

            assertThat(head.status()).as(path).isEqualTo(get.status());
            assertThat(head.body()).isEmpty();
            for (String header : List.of("ETag", "Content-Type", "Content-Length", "Cache-Control", "Link", "Allow")) {
                // The ids of the two requests differ, but their length does not.
                assertThat(head.header(header)).as(path + " " + header).isEqualTo(get.header(header));
            }
        }
        assertThat(node.send("HEAD", "/user/" + id, "").status()).isEqualTo(401);
        String tag = node.get("/user/" + id, admin).header("ETag");
        assertThat(node.send("HEAD", "/user/" + id, "", "auth", admin, "If-None-Match", tag)
                        .status())
                .isEqualTo(304);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/user | GET, HEAD, OPTIONS, POST",
                "/user/me | DELETE, GET, HEAD, OPTIONS, PATCH",
                "/user/me/password | OPTIONS, PUT",
                "/user/me/session | DELETE, GET, HEAD, OPTIONS",
                "/login | OPTIONS, POST",
                "/logout | OPTIONS, POST",
                "/token/refresh | OPTIONS, POST",
                "/introspect | OPTIONS, POST",
                "/session | DELETE, GET, HEAD, OPTIONS",
                "/session/x | DELETE, OPTIONS",
                "/audit | GET, HEAD, OPTIONS",
                "/key/x | DELETE, OPTIONS",
                "/key/rotate | OPTIONS, POST",
                "/user/import | OPTIONS, POST",
                "/user/export | GET, HEAD, OPTIONS",
                "/health/ready | GET, HEAD, OPTIONS",
                "/.well-known/jwks.json | GET, HEAD, OPTIONS"
            })
    void aPathNamesItsMethods(String path, String methods) {
        Answer options = node.send("OPTIONS", path, "");
        assertThat(options.status()).isEqualTo(204);
        assertThat(options.body()).isEmpty();
        assertThat(options.header("Allow")).isEqualTo(methods);
        assertThat(options.header("Content-Type")).isEmpty();

        for (String other : List.of("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE")) {
            if (!List.of(methods.split(", ", -1)).contains(other)) {
                Answer rejected = node.send(other, path, "");
                assertThat(rejected.status()).as(other + " " + path).isEqualTo(405);
                assertThat(rejected.text("code")).isEqualTo("METHOD_NOT_ALLOWED");
                assertThat(rejected.header("Allow")).isEqualTo(methods);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE"})
    void anUnknownPathIsNotFoundWithAnyMethod(String method) {
        assertThat(node.send(method, "/nothing/here", "").status()).isEqualTo(404);
    }

    @Test
    void everyResponseHasTheSecurityHeaders() {
        String tag = node.get("/user/" + id, admin).header("ETag");
        for (Answer answer : List.of(
                node.get("/user/" + id, admin),
                node.send("GET", "/user/" + id, "", "auth", admin, "If-None-Match", tag),
                node.get("/user", ""),
                node.get("/nothing", ""),
                node.post("/login", "", "{}"),
                node.login("alice", PASSWORD),
                node.send("OPTIONS", "/user", ""),
                node.send("POST", "/login", "{}", "Content-Type", "none"))) {
            assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
            assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
            assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
            assertThat(answer.header("Content-Security-Policy"))
                    .isEqualTo("default-src 'none'; frame-ancestors 'none'");
            assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
            assertThat(answer.header("Strict-Transport-Security")).isEmpty();
            assertThat(answer.headers().allValues("Vary")).contains("Origin");
        }
        assertThat(node.get("/.well-known/jwks.json", "").header("Cache-Control"))
                .startsWith("public, max-age=");
    }

    @Test
    void aPageOfAListedOriginMayReadEveryResponse() {
        for (Answer answer : List.of(
                node.send("GET", "/user/" + id, "", "auth", admin, "Origin", LISTED_ORIGIN),
                node.send("GET", "/user/" + id, "", "Origin", LISTED_ORIGIN),
                node.send("GET", "/nothing", "", "Origin", LISTED_ORIGIN),
                node.send("POST", "/login", "{}", "Content-Type", "none", "Origin", LISTED_ORIGIN))) {
            assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(LISTED_ORIGIN);
            assertThat(answer.header("Access-Control-Expose-Headers")).contains("ETag", "Link", "Retry-After");
            assertThat(answer.headers().allValues("Vary")).contains("Origin");
            assertThat(answer.headers().map()).doesNotContainKey("access-control-allow-credentials");
        }
    }

    @Test
    void aPreflightRequestNeedsNoToken() {
        Answer answer = preflight(LISTED_ORIGIN);

        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo(LISTED_ORIGIN);
        assertThat(answer.header("Access-Control-Allow-Methods")).contains("PATCH");
        assertThat(answer.header("Access-Control-Allow-Headers"))
                .contains("auth", "If-Match", "Idempotency-Key", "traceparent", "tracestate");
        assertThat(answer.header("Access-Control-Max-Age")).isEqualTo("7200");
        assertThat(answer.header("X-Request-Id")).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://evil.example.com",
                "http://app.example.com",
                "https://app.example.com:8443",
                "https://app.example.com.evil.com",
                "null",
                "*"
            })
    void aPageOfAnyOtherOriginGetsNoCorsHeaders(String origin) {
        Answer preflight = preflight(origin);
        assertThat(preflight.header("Allow")).isNotEmpty();
        Answer answer = node.send("GET", "/user/" + id, "", "auth", admin, "Origin", origin);
        assertThat(answer.status()).isEqualTo(200);
        for (Answer each : List.of(preflight, answer)) {
            assertThat(each.headers().map().keySet())
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control"));
        }
    }

    private static Answer preflight(String origin) {
        return node.send("OPTIONS", "/user/" + id, "", "Origin", origin, "Access-Control-Request-Method", "PATCH");
    }
}
