package org.gatehouse.key;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jwt.SignedJWT;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the metadata as client libraries read it. */
class DiscoveryTest {
    private static final String URL = "https://login.example.com/accounts";
    private static final String JWKS = "/.well-known/jwks.json";
    private static final List<String> DOCUMENTS =
            List.of("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration");

    private static final Stores stores = new Stores();
    private static final Node node =
            Node.start(stores, Map.of("PUBLIC_URL", URL, "CORS_ORIGINS", "https://app.example.com"));

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    /** A change of this text changes what other services do, so the test contains all of it. */
    @Test
    void theMetadataListsWhatExistsAndNothingElse() {
        for (String document : DOCUMENTS) {
            Response response = node.get(document, "");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Content-Type")).isEqualTo("application/json");
            assertThat(response.json()).isEqualTo(Response.json("""
                    {
                      "issuer": "https://login.example.com/accounts",
                      "jwks_uri": "https://login.example.com/accounts/.well-known/jwks.json",
                      "token_endpoint": "https://login.example.com/accounts/token",
                      "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                      "grant_types_supported": ["client_credentials"],
                      "introspection_endpoint": "https://login.example.com/accounts/introspect",
                      "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
                      "revocation_endpoint": "https://login.example.com/accounts/revoke",
                      "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
                      "response_types_supported": [],
                      "subject_types_supported": ["public"],
                      "id_token_signing_alg_values_supported": ["ES256"],
                      "acr_values_supported": ["urn:gatehouse:1", "urn:gatehouse:2"],
                      "service_documentation": "https://login.example.com/accounts/docs"
                    }
                    """));
        }
    }

    @Test
    void theIssuerAndTheAlgorithmAreThoseOfTokensAndTheAddressesExist() throws Exception {
        JsonNode metadata = node.get(DOCUMENTS.get(0), "").json();
        SignedJWT token = SignedJWT.parse(node.adminToken());

        assertThat(token.getJWTClaimsSet().getIssuer())
                .isEqualTo(metadata.path("issuer").asText());
        assertThat(metadata.path("id_token_signing_alg_values_supported").get(0).asText())
                .isEqualTo(token.getHeader().getAlgorithm().getName());
        assertThat(node.get(local(metadata, "jwks_uri"), "").body())
                .contains(token.getHeader().getKeyID());
        assertThat(node.send("GET", local(metadata, "service_documentation"), "")
                        .status())
                .isEqualTo(200);
        for (String name : List.of("introspection_endpoint", "revocation_endpoint", "token_endpoint")) {
            assertThat(node.send(
                                    "POST",
                                    local(metadata, name),
                                    "token=x",
                                    "Content-Type",
                                    "application/x-www-form-urlencoded")
                            .status())
                    .as(name)
                    .isIn(400, 401);
        }
    }

    @Test
    void theDocumentsAndTheKeysAreCacheableAndReadableFromEveryOrigin() {
        for (String path : List.of(DOCUMENTS.get(0), DOCUMENTS.get(1), JWKS)) {
            for (String origin : List.of("", "null", "https://elsewhere.example", "https://app.example.com")) {
                Response response = node.send("GET", path, "", "Origin", origin);
                assertThat(response.header("Cache-Control")).as(path).isEqualTo("public, max-age=300");
                assertThat(response.headers().allValues("Access-Control-Allow-Origin"))
                        .as(path + " " + origin)
                        .containsExactly("*");
                assertThat(response.headers().allValues("Cross-Origin-Resource-Policy"))
                        .containsExactly("cross-origin");
                assertThat(response.header("X-Content-Type-Options")).isEqualTo("nosniff");
            }
        }
        assertThat(node.send("GET", "/user/me", "", "Origin", "https://elsewhere.example")
                        .headers()
                        .map())
                .doesNotContainKey("access-control-allow-origin");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gatehouse", "urn:example:gatehouse", "https://id.example?tenant=1", "id.example"})
    void withoutAUrlAsTheIssuerBothAreNotFoundAndTheMessageNamesTheSetting(String issuer) {
        try (Node other = Node.start(stores, Map.of("AUTH_ISSUER", issuer))) {
            assertNotFound(other);
        }
    }

    @Test
    void aPublicAddressWithAnotherNameAsTheIssuerIsNotEnough() {
        try (Node other = Node.start(stores, Map.of("AUTH_ISSUER", "gatehouse", "PUBLIC_URL", URL))) {
            assertNotFound(other);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://id.example, '', https://id.example",
        "https://id.example/, '', https://id.example",
        "http://[2001:db8::1]:8443/a, '', http://[2001:db8::1]:8443/a",
        "https://id.example/, https://login.example.com/accounts, https://login.example.com/accounts",
    })
    void theIssuerIsUnchangedAndTheAddressesAreBelowThePublicAddress(String issuer, String publicUrl, String base) {
        try (Node other = Node.start(stores, Map.of("AUTH_ISSUER", issuer, "PUBLIC_URL", publicUrl))) {
            for (String document : DOCUMENTS) {
                JsonNode metadata = other.get(document, "").json();
                assertThat(metadata.path("issuer").asText()).isEqualTo(issuer);
                assertThat(metadata.path("jwks_uri").asText()).isEqualTo(base + JWKS);
                assertThat(metadata.path("introspection_endpoint").asText()).isEqualTo(base + "/introspect");
            }
        }
    }

    @Test
    void forgedHeadersOfAProxyDoNotChangeTheDocument() {
        String body = node.get(DOCUMENTS.get(0), "").body();
        for (String document : DOCUMENTS) {
            Response forged = node.send(
                    "GET",
                    document,
                    "",
                    "X-Forwarded-Host",
                    "evil.example",
                    "X-Forwarded-Proto",
                    "http",
                    "X-Forwarded-Prefix",
                    "/evil",
                    "Forwarded",
                    "host=evil.example;proto=http");
            assertThat(forged.body()).isEqualTo(body);
        }
    }

    @Test
    void theAlgorithmOfASharedSecretIsNamedToo() {
        try (Node other = Node.start(stores, Map.of("AUTH_ALG", "HS256", "PUBLIC_URL", URL))) {
            assertThat(other.get(DOCUMENTS.get(1), "")
                            .json()
                            .path("id_token_signing_alg_values_supported")
                            .toString())
                    .isEqualTo("[\"HS256\"]");
        }
    }

    private static String local(JsonNode metadata, String member) {
        assertThat(metadata.path(member).asText()).startsWith(URL + "/");
        return metadata.path(member).asText().substring(URL.length());
    }

    private static void assertNotFound(Node other) {
        for (String document : DOCUMENTS) {
            Response response = other.get(document, "");
            assertThat(response.status()).isEqualTo(404);
            assertThat(response.text("code")).isEqualTo("NOT_FOUND");
            assertThat(response.text("message")).contains("PUBLIC_URL");
            assertThat(response.json().has("hint")).isFalse();
            assertThat(response.header("Cache-Control")).isEqualTo("no-store");
        }
    }
}
