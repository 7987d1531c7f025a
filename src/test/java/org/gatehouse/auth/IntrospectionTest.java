package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests introspection (RFC 7662) as another service uses it. Each test has a separate user. */
class IntrospectionTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String FORM_TYPE = "application/x-www-form-urlencoded";

    private static final Stores stores = new Stores();
    private static final Node gatehouse =
            Node.start(stores, Map.of("AUTH_ISSUER", "https://id.example", "AUTH_AUDIENCE", "our services"));
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";
    private static String service = "";

    private final String username = "User-" + number.incrementAndGet();
    private final String id = gatehouse.create(admin, username, PASSWORD);
    private final Response login = gatehouse.login(username, PASSWORD);
    private final String token = login.text("token");

    @BeforeAll
    static void logIn() {
        admin = gatehouse.adminToken();
        String serviceId = gatehouse.create(admin, "a-service", PASSWORD);
        gatehouse.patch("/user/" + serviceId, admin, "{\"roles\":[\"introspect\"]}");
        service = gatehouse.token("a-service", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void theResponseContainsTheClaimsOfAnActiveToken() throws Exception {
        for (String caller : List.of(service, admin)) {
            Response response = introspect(caller, token);

            assertThat(response.status()).as(response.body()).isEqualTo(200);
            assertThat(response.header("Content-Type")).startsWith("application/json");
            assertThat(response.header("Cache-Control")).contains("no-store");
            JsonNode json = response.json();
            assertThat(json.fieldNames())
                    .toIterable()
                    .containsExactlyInAnyOrder(
                            "active",
                            "token_type",
                            "sub",
                            "client_id",
                            "sid",
                            "username",
                            "roles",
                            "scope",
                            "exp",
                            "iat",
                            "iss",
                            "aud",
                            "jti",
                            "auth_time",
                            "amr",
                            "acr");
            JWTClaimsSet claims = SignedJWT.parse(token).getJWTClaimsSet();
            assertThat(json.path("active")).isEqualTo(BooleanNode.TRUE);
            assertThat(json.path("sub").asText()).isEqualTo(id);
            assertThat(json.path("sid").asText()).isEqualTo(claims.getStringClaim("sid"));
            assertThat(json.path("username").asText()).isEqualTo(username);
            assertThat(json.path("roles").toString()).isEqualTo("[\"user\"]");
            assertThat(json.path("exp").isIntegralNumber()).isTrue();
            assertThat(json.path("exp").asLong())
                    .isEqualTo(claims.getExpirationTime().toInstant().getEpochSecond());
            assertThat(json.path("iat").asLong())
                    .isEqualTo(claims.getIssueTime().toInstant().getEpochSecond());
            assertThat(json.path("iss").asText()).isEqualTo("https://id.example");
            assertThat(json.path("aud").asText()).isEqualTo("our services");
            assertThat(json.path("jti").asText()).isEqualTo(claims.getJWTID());
            assertThat(json.path("auth_time").asLong()).isEqualTo(claims.getLongClaim("auth_time"));
            assertThat(json.path("amr").toString()).isEqualTo("[\"pwd\"]");
            assertThat(json.path("acr").asText()).isEqualTo("urn:gatehouse:1");
        }
    }

    @Test
    void aTokenTypeHintIsIgnored() {
        assertThat(introspectBody(service, "token_type_hint=access_token&token=" + token)
                        .json()
                        .path("active")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void rolesAndUsernameAreCurrent() {
        gatehouse.patch(
                "/user/" + id, admin, "{\"roles\":[\"writer\",\"auditor\"],\"username\":\"Re" + username + "\"}");

        JsonNode json = introspect(service, token).json();

        assertThat(json.path("roles").toString()).isEqualTo("[\"auditor\",\"writer\"]");
        assertThat(json.path("username").asText()).isEqualTo("Re" + username);
    }

    @Test
    void aTokenOfAnEndedSessionIsNotActive() {
        assertThat(introspect(service, token).json().path("active").asBoolean()).isTrue();

        gatehouse.send("POST", "/logout", "", "auth", token);

        assertInactive(token);
    }

    @Test
    void aTokenOfADisabledOrDeletedUserIsNotActive() {
        gatehouse.patch("/user/" + id, admin, "{\"status\":\"disabled\"}");
        assertInactive(token);

        gatehouse.patch("/user/" + id, admin, "{\"status\":\"active\"}");
        assertInactive(token);
        String newToken = gatehouse.token(username, PASSWORD);
        assertThat(introspect(service, newToken).json().path("active").asBoolean())
                .isTrue();

        gatehouse.delete("/user/" + id, admin);
        assertInactive(newToken);
    }

    @Test
    void anExpiredTokenIsNotActive() {
        Map<String, String> settings =
                Map.of("AUTH_ISSUER", "https://id.example", "AUTH_AUDIENCE", "our services", "AUTH_EXPIRY", "2000");
        try (Node nodeWithShortTokens = Node.start(stores, settings)) {
            String shortLived = nodeWithShortTokens.token(username, PASSWORD);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> nodeWithShortTokens
                            .get("/user/me", shortLived)
                            .text("code")
                            .equals("TOKEN_EXPIRED"));

            assertInactive(shortLived);
        }
    }

    @Test
    void anInvalidTokenIsNotActive() throws Exception {
        String[] parts = token.split("\\.", -1);
        String unsignedHeader = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        for (String forged : List.of(
                "junk",
                "x.y.z",
                "..",
                "\u0000",
                "{\"$ne\":1}",
                parts[0] + "." + parts[1] + "." + new StringBuilder(parts[2]).reverse(),
                unsignedHeader + "." + parts[1] + ".",
                unsignedHeader + "." + parts[1] + "." + parts[2],
                token + "A",
                "Bearer " + token,
                "A".repeat(20_000))) {
            assertInactive(forged);
        }
        assertThat(introspect(service, token).json().path("active").asBoolean()).isTrue();
    }

    @Test
    void onlyAdministratorsAndServicesMayIntrospect() {
        Response forbidden = introspect(token, token);
        assertThat(forbidden.status()).isEqualTo(403);
        assertThat(forbidden.text("code")).isEqualTo("FORBIDDEN");

        Response missing = introspect("", token);
        assertThat(missing.status()).isEqualTo(401);
        assertThat(missing.text("code")).isEqualTo("TOKEN_MISSING");
        assertThat(introspect("junk", token).text("code")).isEqualTo("TOKEN_MALFORMED");
    }

    @Test
    void aServiceMayReadNeitherUsersNorTheAuditLog() {
        assertThat(gatehouse.get("/user/" + id, service).status()).isEqualTo(403);
        assertThat(gatehouse.get("/user", service).status()).isEqualTo(403);
        assertThat(gatehouse.get("/audit", service).status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tokens=x", "token=x&token=x", "token=x&token=y", "TOKEN=x"})
    void aBodyWithoutExactlyOneTokenIsRejected(String body) {
        Response response = introspectBody(service, body);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("VALIDATION_FAILED");
        assertThat(response.json().path("errors").path(0).path("field").asText())
                .isEqualTo("token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"token=", "token=%20", "token=%00", "token"})
    void aBlankTokenIsNotActive(String body) {
        Response response = introspectBody(service, body);

        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{\"active\":false}");
    }

    @Test
    void theTokenIsNotTakenFromTheUrl() {
        Response response =
                gatehouse.send("POST", "/introspect?token=" + token, "a=b", "auth", service, "Content-Type", FORM_TYPE);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(gatehouse.get("/introspect?token=" + token, service).status())
                .isEqualTo(405);
    }

    @Test
    void theRejectionOfAJsonBodyNamesTheRequiredContentType() {
        Response response = gatehouse.post("/introspect", service, "{\"token\":\"" + token + "\"}");

        assertThat(response.status()).as(response.body()).isEqualTo(415);
        assertThat(response.text("code")).isEqualTo("UNSUPPORTED_MEDIA_TYPE");
        assertThat(response.text("message")).isEqualTo("The Content-Type must be application/x-www-form-urlencoded.");
    }

    private static Response introspect(String caller, String token) {
        return introspectBody(caller, "token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
    }

    private static Response introspectBody(String caller, String body) {
        return gatehouse.send("POST", "/introspect", body, "auth", caller, "Content-Type", FORM_TYPE);
    }

    private static void assertInactive(String token) {
        Response response = introspect(service, token);
        assertThat(response.status()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{\"active\":false}");
    }
}
