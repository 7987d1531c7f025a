package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
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

/** Tests the hints in error responses. These hints help developers that are new to Gatehouse. */
class GuidanceTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String BROWSER_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    private static final String SCHEME_HINT = "The header Authorization must begin with 'Bearer '";

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores, Map.of("REGISTRATION", "open"));
    private static String admin = "";
    private static String alice = "";

    @BeforeAll
    static void createAlice() {
        admin = node.adminToken();
        node.create(admin, "alice", PASSWORD);
        alice = node.token("alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @CsvSource({
        "/users, /user",
        "/User, /user",
        "/usr, /user",
        "/users/alice, /user/{id}",
        "/users/000000000000000000000000/password, /user/{id}/password",
        "/user/me/passwords, /user/{id}/password",
        "/user/me/sessions, /user/{id}/session",
        "/sessions, /session",
        "/logins, /login",
        "/LOGIN, /login",
        "/log-out, /logout",
        "/tokens/refresh, /token/refresh",
        "/refresh, /token/refresh",
        "/api/user, /user",
        "/api/v1/login, /login",
        "/api/user/000000000000000000000000, /user/{id}",
        "/audits, /audit",
        "/keys, /key",
        "/introspection, /introspect",
        "/tokens, /token",
        "/revokes, /revoke",
        "/checks, /check",
        "/services, /service",
        "/service/000000000000000000000000/secrets, /service/{id}/secret",
        "/well-known/jwks.json, /.well-known/jwks.json",
        "/jwks.json, /.well-known/jwks.json",
        "/.well-known/openid-configurations, /.well-known/openid-configuration",
        "/.well-known/oauth-authorisation-server, /.well-known/oauth-authorization-server",
        "/metric, /metrics",
        "/live, /health/live",
        "/healthz/live, /health/live",
        "/doc, /docs"
    })
    void aPathThatResemblesAKnownPathGetsAHint(String path, String known) {
        for (String method : List.of("GET", "POST")) {
            Response response = node.send(method, path, "", "auth", admin);
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text("code")).isEqualTo("NOT_FOUND");
            assertThat(response.text("hint")).isEqualTo("Did you mean " + known + "?");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/nothing/here", "/user/me/xyz", "/a/b/c/d/e/user", "/%3Cscript%3E"})
    void aPathThatResemblesNoKnownPathGetsNoHint(String path) {
        assertThat(node.get(path, "").json().has("hint")).isFalse();
    }

    @Test
    void aLongPathGetsNoHint() {
        assertThat(node.get("/user" + "s".repeat(500), "").json().has("hint")).isFalse();
        assertThat(node.get("/x".repeat(500), "").json().has("hint")).isFalse();
    }

    @Test
    void aProblemAlsoContainsTheHint() {
        Response response = node.send("GET", "/users", "", "Accept", "application/problem+json");

        assertThat(response.text("hint")).isEqualTo("Did you mean /user?");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET | /login | OPTIONS, POST",
                "PUT | /user | GET, HEAD, OPTIONS, POST",
                "POST | /user/me | DELETE, GET, HEAD, OPTIONS, PATCH",
                "PROPFIND | /user/me/password | OPTIONS, PUT",
                "POST | / | GET, HEAD, OPTIONS",
                "DELETE | /health/live | GET, HEAD, OPTIONS"
            })
    void theRejectionOfAMethodListsTheAllowedMethods(String method, String path, String methods) {
        Response response = node.send(method, path, "", "auth", admin);

        assertThat(response.status()).isEqualTo(405);
        assertThat(response.text("message")).isEqualTo("This path supports only the methods " + methods + ".");
        assertThat(response.header("Allow")).isEqualTo(methods);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/user/alice", "/user/0", "/user/00000000000000000000000g", "/user/ME"})
    void aMalformedUserIdIsNotFoundAndGetsAHint(String path) {
        for (String below : List.of("", "/session", "/throttle")) {
            Response response = node.get(path + below, admin);
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text("code")).isEqualTo("USER_NOT_FOUND");
            assertThat(response.text("message")).isEqualTo("Data not found.");
            assertThat(response.text("hint")).contains("24 hexadecimal digits").doesNotContain("alice");
        }
        assertThat(node.delete(path, admin).json().has("hint")).isTrue();
        assertThat(node.patch(path, admin, "{}").json().has("hint")).isTrue();
        assertThat(node.get("/user/000000000000000000000000", admin).json().has("hint"))
                .isFalse();
    }

    @Test
    void theRootPathLeadsBrowsersToTheAccountPageAndProgramsToTheDocumentation() {
        Response redirect = node.send("GET", "/", "", "Accept", BROWSER_ACCEPT);
        assertThat(redirect.status()).isEqualTo(302);
        assertThat(redirect.header("Location")).isEqualTo("account");
        assertThat(redirect.headers().allValues("Vary")).contains("Accept");

        for (String accept :
                List.of("", "*/*", "application/json", "application/problem+json", "text/html;q=0.1,*/*")) {
            Response response = node.send("GET", "/", "", "Accept", accept);
            assertThat(response.status()).as(accept).isEqualTo(200);
            assertThat(response.header("Content-Type")).isEqualTo("application/json");
            assertThat(response.text("name")).isEqualTo("Gatehouse");
            assertThat(response.text("version")).matches("\\d+\\.\\d+\\.\\d+.*");
            assertThat(response.text("docs")).isEqualTo("docs");
            assertThat(response.text("openapi")).isEqualTo("openapi.json");
        }
        assertThat(node.send("GET", "/", "", "Accept", "text/csv").status()).isEqualTo(406);
    }

    @Test
    void theDocumentationPathWithATrailingSlashIsRedirected() {
        Response response = node.send("GET", "/docs/", "", "Accept", BROWSER_ACCEPT);

        assertThat(response.status()).isEqualTo(301);
        assertThat(response.header("Location")).isEqualTo("../docs");
        assertThat(node.get("/docs", "").status()).isEqualTo(200);
    }

    @Test
    void aTokenWithoutASchemeGetsAHint() {
        for (String value : List.of(alice, "Token " + alice, "JWT " + alice, "Basic YTpi", "Bearer", "x")) {
            Response response = node.send("GET", "/user/me", "", "Authorization", value);
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.text("code")).isEqualTo("TOKEN_MISSING");
            assertThat(response.text("message")).isEqualTo("jwt must be provided");
            assertThat(response.text("name")).isEqualTo("JsonWebTokenError");
            assertThat(response.text("hint")).isEqualTo(SCHEME_HINT);
        }
        assertThat(node.get("/user/me", "").json().has("hint")).isFalse();
    }

    /**
     * The token must not be ignored. Otherwise the request of an administrator would count as an anonymous
     * registration.
     */
    @Test
    void aTokenWithoutASchemeIsRejectedEvenIfRegistrationIsOpen() {
        Response response = node.send(
                "POST",
                "/user",
                Node.credentials("newcomer", PASSWORD),
                "Content-Type",
                "application/json",
                "Authorization",
                admin);

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("hint")).isEqualTo(SCHEME_HINT);
        assertThat(node.send("POST", "/logout", "", "Authorization", admin).status())
                .isEqualTo(200);
    }

    @Test
    void theLegacyHeaderMayHaveAScheme() {
        for (String value : List.of(alice, "Bearer " + alice, "bearer " + alice)) {
            assertThat(node.send("GET", "/user/me", "", "auth", value).status()).isEqualTo(200);
        }
        assertThat(node.send("GET", "/user/me", "", "auth", "Bearer " + alice, "Authorization", "Bearer " + alice)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void theAuthenticateHeaderContainsTheReason() {
        Response forbidden = node.get("/user", alice);
        assertThat(forbidden.status()).isEqualTo(403);
        assertThat(forbidden.header("WWW-Authenticate")).isEqualTo("Bearer error=\"insufficient_scope\"");
        Response foreign = node.get("/user/000000000000000000000000", alice);
        assertThat(foreign.status()).isEqualTo(403);
        assertThat(foreign.header("WWW-Authenticate")).isEqualTo("Bearer error=\"insufficient_scope\"");
        Response roles = node.post(
                "/user", "", "{\"username\":\"mallory\",\"password\":\"" + PASSWORD + "\",\"roles\":[\"admin\"]}");
        assertThat(roles.status()).isEqualTo(403);
        assertThat(roles.header("WWW-Authenticate")).as("no token was sent").isEqualTo("Bearer");
        Response ambiguous = node.send("GET", "/user/me", "", "auth", alice, "Authorization", "Bearer " + admin);
        assertThat(ambiguous.status()).isEqualTo(400);
        assertThat(ambiguous.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_request\"");
        assertThat(node.post("/login", "", "{}").header("WWW-Authenticate")).isEmpty();
        assertThat(node.send("GET", "/metrics", "", "Via", "x").header("WWW-Authenticate"))
                .isEmpty();
    }

    @Test
    void rolesAreSortedInTokensAndResponses() throws ParseException {
        String id = node.create(admin, "zoe", PASSWORD);
        for (String roles : List.of("[\"z\",\"user\",\"a-b\",\"a\",\"m\"]", "[\"m\",\"a\",\"z\",\"user\",\"a-b\"]")) {
            node.patch("/user/" + id, admin, "{\"roles\":" + roles + "}");
            Response login = node.login("zoe", PASSWORD);
            List<String> sorted = List.of("a", "a-b", "m", "user", "z");
            assertThat(SignedJWT.parse(login.text("token")).getJWTClaimsSet().getStringListClaim("roles"))
                    .isEqualTo(sorted);
            assertThat(texts(login, "/user/roles")).isEqualTo(sorted);
            assertThat(texts(node.get("/user/" + id, admin), "/roles")).isEqualTo(sorted);
            Response introspection = node.send(
                    "POST",
                    "/introspect",
                    "token=" + login.text("token"),
                    "auth",
                    admin,
                    "Content-Type",
                    "application/x-www-form-urlencoded");
            assertThat(texts(introspection, "/roles")).isEqualTo(sorted);
        }
    }

    private static List<String> texts(Response response, String pointer) {
        List<String> texts = new ArrayList<>();
        response.json().at(pointer).forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
