package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the rules of HTTP for every response: error format, methods, headers and CORS. */
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
    void anErrorHasTheProblemFormatIfTheClientAcceptsIt() {
        Response response = node.send(
                "POST",
                "/user",
                "{\"username\":\"x\",\"password\":7}",
                "auth",
                admin,
                "Content-Type",
                "application/json",
                "Accept",
                PROBLEM);

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.header("Content-Type")).isEqualTo(PROBLEM);
        assertThat(response.headers().allValues("Vary")).contains("Accept");
        assertThat(response.text("type")).isEqualTo("urn:gatehouse:error:validation-failed");
        assertThat(response.text("title")).isEqualTo("Some fields are not acceptable.");
        assertThat(response.json().path("status").intValue()).isEqualTo(400);
        assertThat(response.text("detail")).isNotEmpty();
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.text("requestId")).isEqualTo(response.header("X-Request-Id"));
        assertThat(response.json().path("errors").findValuesAsText("field")).contains("username", "password");
        assertThat(response.json().has("message")).isFalse();
    }

    @Test
    void theProblemForAMalformedTokenHasAnErrorNameAndAnAuthenticateHeader() {
        Response response = node.send("GET", "/user/me", "", "auth", "x", "Accept", "application/json, " + PROBLEM);

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("name")).isEqualTo("JsonWebTokenError");
        assertThat(response.text("detail")).isEqualTo("jwt malformed");
        assertThat(response.header("WWW-Authenticate")).contains("invalid_token");
    }

    @Test
    void aSuccessfulResponseIsJsonEvenIfTheClientAcceptsOnlyProblems() {
        Response response = node.send("GET", "/user/me", "", "auth", admin, "Accept", PROBLEM);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Content-Type")).isEqualTo("application/json");
        assertThat(node.send("POST", "/logout", "", "Accept", PROBLEM).status()).isEqualTo(200);
    }

    @Test
    void theRejectionOfALoginNamesBothInvalidFields() {
        Response response = node.post("/login", "", "{\"username\":7}");

        assertThat(response.text("message")).isEqualTo("Username or password field is missing!");
        assertThat(response.json().path("errors").findValuesAsText("field")).containsExactly("username", "password");
    }

    @Test
    void aHeadResponseHasTheHeadersOfTheGetResponseAndNoBody() {
        for (String path :
                List.of("/user/" + id, "/user/me", "/user", "/.well-known/jwks.json", "/session", "/nothing")) {
            Response get = node.get(path, admin);
            Response head = node.send("HEAD", path, "", "auth", admin);

            assertThat(head.status()).as(path).isEqualTo(get.status());
            assertThat(head.body()).isEmpty();
            for (String header : List.of("ETag", "Content-Type", "Content-Length", "Cache-Control", "Link", "Allow")) {
                // The bodies contain different request ids of equal length, so Content-Length is equal.
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
                "/token | OPTIONS, POST",
                "/introspect | OPTIONS, POST",
                "/revoke | OPTIONS, POST",
                "/check | GET, HEAD, OPTIONS, POST",
                "/service | GET, HEAD, OPTIONS, POST",
                "/service/x | DELETE, GET, HEAD, OPTIONS, PATCH",
                "/service/x/secret | OPTIONS, POST",
                "/session | DELETE, GET, HEAD, OPTIONS",
                "/session/x | DELETE, OPTIONS",
                "/audit | GET, HEAD, OPTIONS",
                "/key/x | DELETE, OPTIONS",
                "/key/rotate | OPTIONS, POST",
                "/user/import | OPTIONS, POST",
                "/user/export | GET, HEAD, OPTIONS",
                "/health/ready | GET, HEAD, OPTIONS",
                "/.well-known/jwks.json | GET, HEAD, OPTIONS",
                "/.well-known/openid-configuration | GET, HEAD, OPTIONS"
            })
    void theAllowHeaderListsTheSupportedMethodsOfThePath(String path, String methods) {
        Response options = node.send("OPTIONS", path, "");
        assertThat(options.status()).isEqualTo(204);
        assertThat(options.body()).isEmpty();
        assertThat(options.header("Allow")).isEqualTo(methods);
        assertThat(options.header("Content-Type")).isEmpty();

        for (String other : List.of("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE")) {
            if (!List.of(methods.split(", ", -1)).contains(other)) {
                Response rejected = node.send(other, path, "");
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
        for (Response response : List.of(
                node.get("/user/" + id, admin),
                node.send("GET", "/user/" + id, "", "auth", admin, "If-None-Match", tag),
                node.get("/user", ""),
                node.get("/nothing", ""),
                node.post("/login", "", "{}"),
                node.login("alice", PASSWORD),
                node.send("OPTIONS", "/user", ""),
                node.send("POST", "/login", "{}", "Content-Type", "none"))) {
            assertThat(response.header("Cache-Control")).isEqualTo("no-store");
            assertThat(response.header("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(response.header("X-Frame-Options")).isEqualTo("DENY");
            assertThat(response.header("Referrer-Policy")).isEqualTo("no-referrer");
            assertThat(response.header("Content-Security-Policy"))
                    .isEqualTo("default-src 'none'; frame-ancestors 'none'");
            assertThat(response.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
            assertThat(response.header("Strict-Transport-Security")).isEmpty();
            assertThat(response.headers().allValues("Vary")).contains("Origin");
        }
        assertThat(node.get("/.well-known/jwks.json", "").header("Cache-Control"))
                .startsWith("public, max-age=");
    }

    @Test
    void aListedOriginMayReadEveryResponse() {
        for (Response response : List.of(
                node.send("GET", "/user/" + id, "", "auth", admin, "Origin", LISTED_ORIGIN),
                node.send("GET", "/user/" + id, "", "Origin", LISTED_ORIGIN),
                node.send("GET", "/nothing", "", "Origin", LISTED_ORIGIN),
                node.send("POST", "/login", "{}", "Content-Type", "none", "Origin", LISTED_ORIGIN))) {
            assertThat(response.header("Access-Control-Allow-Origin")).isEqualTo(LISTED_ORIGIN);
            assertThat(response.header("Access-Control-Expose-Headers")).contains("ETag", "Link", "Retry-After");
            assertThat(response.headers().allValues("Vary")).contains("Origin");
            assertThat(response.header("Access-Control-Allow-Credentials")).isEqualTo("true");
        }
    }

    @Test
    void aPreflightRequestNeedsNoToken() {
        Response response = preflight(LISTED_ORIGIN);

        assertThat(response.status()).isEqualTo(204);
        assertThat(response.header("Access-Control-Allow-Origin")).isEqualTo(LISTED_ORIGIN);
        assertThat(response.header("Access-Control-Allow-Methods")).contains("PATCH");
        assertThat(response.header("Access-Control-Allow-Headers"))
                .contains("auth", "If-Match", "Idempotency-Key", "traceparent", "tracestate");
        assertThat(response.header("Access-Control-Max-Age")).isEqualTo("7200");
        assertThat(response.header("Access-Control-Allow-Credentials")).isEqualTo("true");
        assertThat(response.header("X-Request-Id")).isNotEmpty();
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
    void anUnlistedOriginGetsNoCorsHeaders(String origin) {
        Response preflight = preflight(origin);
        assertThat(preflight.header("Allow")).isNotEmpty();
        Response response = node.send("GET", "/user/" + id, "", "auth", admin, "Origin", origin);
        assertThat(response.status()).isEqualTo(200);
        for (Response each : List.of(preflight, response)) {
            assertThat(each.headers().map().keySet())
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control"));
        }
    }

    private static Response preflight(String origin) {
        return node.send("OPTIONS", "/user/" + id, "", "Origin", origin, "Access-Control-Request-Method", "PATCH");
    }
}
