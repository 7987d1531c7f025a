package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that a response names the media type of its body. Also tests that the rejection of a body names the accepted
 * media types.
 */
class NegotiationTest {
    private static final String JSON = "application/json";
    private static final String PROBLEM = "application/problem+json";

    private static final Stores stores = new Stores();
    private static final Node node = Node.start(stores);
    private static String admin = "";

    @BeforeAll
    static void logIn() {
        admin = node.adminToken();
    }

    @AfterAll
    static void stop() {
        node.close();
        stores.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json;charset=ISO-8859-1",
                "application/json;charset=utf-16",
                "application/json; charset=\"utf-8\"",
                "application/json;charset=utf-8;q=0.5",
                "application/json;q=0.3;version=2",
                "application/json;version=2;profile=\"https://example.com/x\"",
                "APPLICATION/JSON;Charset=x",
                "application/*;charset=utf-16",
                "*/*;charset=utf-16",
                "*/*;version=1;q=0.1",
                "application/problem+json;charset=utf-16",
                "application/problem+json;charset=utf-16, application/json;charset=utf-32;q=0.9",
                "text/html;charset=utf-16;q=0.1, application/json;charset=utf-16"
            })
    void theContentTypeHasNoParameterOfTheAcceptHeader(String accept) {
        for (String path :
                List.of("/user/me", "/user", "/session", "/key", "/audit", "/.well-known/jwks.json", "/health/live")) {
            Response response = node.send("GET", path, "", "auth", admin, "Accept", accept);
            assertThat(response.status()).as(path).isEqualTo(200);
            assertThat(response.header("Content-Type")).as(path).isEqualTo(JSON);
            assertThat(node.send("HEAD", path, "", "auth", admin, "Accept", accept)
                            .header("Content-Type"))
                    .as(path)
                    .isEqualTo(JSON);
        }
        String body = "{\"username\":\"" + Node.ADMIN + "\",\"password\":\"" + Node.ADMIN_PASSWORD + "\"}";
        for (String path : List.of("/login", "/logout")) {
            Response response = node.send(
                    "POST",
                    path,
                    path.equals("/login") ? body : "",
                    "Content-Type",
                    path.equals("/login") ? JSON : "",
                    "Accept",
                    accept);
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Content-Type")).isEqualTo(JSON);
        }
        Response failed = node.send("GET", "/user/me", "", "Accept", accept);
        assertThat(failed.status()).isEqualTo(401);
        assertThat(failed.header("Content-Type")).isEqualTo(accept.contains("problem") ? PROBLEM : JSON);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/user/export | application/x-ndjson;charset=utf-16 | application/x-ndjson",
                "/openapi.yaml | application/yaml;charset=utf-16 | application/yaml",
                "/openapi.json | application/json;charset=utf-16 | application/json",
                "/docs | text/html;charset=utf-16 | text/html;charset=utf-8",
                "/docs/page.js | text/javascript;charset=utf-16 | text/javascript;charset=utf-8",
                "/docs/page.css | text/css;charset=utf-16 | text/css;charset=utf-8",
                "/health/ready | application/json;charset=utf-16 | application/json",
                "/.well-known/jwks.json | application/jwk-set+json;charset=utf-16 | application/jwk-set+json",
                "/.well-known/jwks.json | application/jwk-set+json | application/jwk-set+json",
                "/.well-known/jwks.json | application/jwk-set+json, application/json;q=0.5 | application/jwk-set+json",
                "/.well-known/jwks.json | application/json, application/jwk-set+json;q=0.5 | application/json",
                "/.well-known/jwks.json | */* | application/json",
                "/ | application/json;charset=utf-16 | application/json"
            })
    void theContentTypeIsTheBestAcceptedTypeWithoutTheRequestedCharset(String path, String accept, String type) {
        Response response = node.send("GET", path, "", "auth", admin, "Accept", accept);

        assertThat(response.status()).isBetween(200, 503).isNotEqualTo(406);
        assertThat(response.header("Content-Type")).isEqualTo(type);
    }

    @Test
    void metricsHaveTheContentTypeOfPrometheus() {
        assertThat(node.send("GET", "/metrics", "", "Accept", "text/plain;charset=utf-16")
                        .header("Content-Type"))
                .startsWith("text/plain;")
                .contains("charset=utf-8")
                .doesNotContain("16");
    }

    @Test
    void theVaryHeaderOfTheKeySetContainsAccept() {
        assertThat(node.get("/.well-known/jwks.json", "").headers().allValues("Vary"))
                .contains("Accept");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "gzip, gzip"})
    void theRejectionOfACompressedBodyStatesTheReason(String coding) {
        for (String path : List.of("/login", "/logout", "/token/refresh", "/user", "/user/me")) {
            Response response = node.send(
                    path.equals("/user/me") ? "PATCH" : "POST",
                    path,
                    "{}",
                    "Content-Type",
                    JSON,
                    "auth",
                    admin,
                    "Content-Encoding",
                    coding);
            assertThat(response.status()).as(path).isEqualTo(415);
            assertThat(response.text("message")).isEqualTo("A body must not be compressed.");
            assertThat(response.header("Accept-Encoding")).isEqualTo("identity");
            assertThat(response.header("Accept")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"utf-8", "aws-chunked", "x", "gzip, utf-8"})
    void theRejectionOfAnUnknownContentCodingStatesTheReason(String coding) {
        Response response = node.send("POST", "/login", "{}", "Content-Type", JSON, "Content-Encoding", coding);

        assertThat(response.status()).isEqualTo(415);
        assertThat(response.text("message"))
                .isEqualTo("The Content-Encoding is unknown; a body must be sent without one.");
        assertThat(response.header("Accept-Encoding")).isEqualTo("identity");
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", ",", "identity", "IDENTITY", "identity, identity"})
    void aBodyWithoutAContentCodingIsAccepted(String coding) {
        assertThat(node.send("POST", "/login", "{}", "Content-Type", JSON, "Content-Encoding", coding)
                        .text("code"))
                .isEqualTo("CREDENTIALS_MISSING");
    }

    @Test
    void theContentCodingOfARequestWithoutABodyIsIgnored() {
        assertThat(node.send("GET", "/user/me", "", "auth", admin, "Content-Encoding", "gzip")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST  | /login            | application/json",
                "POST  | /token/refresh    | application/json",
                "POST  | /user             | application/json",
                "POST  | /user/import      | application/x-ndjson",
                "POST  | /introspect       | application/x-www-form-urlencoded",
                "POST  | /token            | application/x-www-form-urlencoded",
                "POST  | /revoke           | application/x-www-form-urlencoded",
                "POST  | /service          | application/json",
                "PATCH | /service/x        | application/json, application/merge-patch+json",
                "PUT   | /user/me/password | application/json",
                "PATCH | /user/me          | application/json, application/merge-patch+json"
            })
    void theRejectionOfAnUnsupportedMediaTypeListsTheAcceptedTypes(String method, String path, String types) {
        for (String type : List.of("text/xml", "application/json-patch+json", "multipart/form-data;boundary=x")) {
            Response response = node.send(method, path, "<a/>", "Content-Type", type, "auth", admin);
            assertThat(response.status()).isEqualTo(415);
            assertThat(response.header("Accept")).isEqualTo(types);
            assertThat(response.header("Accept-Patch")).isEqualTo(method.equals("PATCH") ? types : "");
            assertThat(response.header("Accept-Post")).isEqualTo(method.equals("POST") ? types : "");
            assertThat(response.header("Accept-Encoding")).isEmpty();
        }
    }

    @Test
    void theOptionsResponseListsTheContentTypesOfAPatch() {
        assertThat(node.send("OPTIONS", "/user/me", "").header("Accept-Patch"))
                .contains("application/merge-patch+json");
        assertThat(node.send("OPTIONS", "/user", "").header("Accept-Patch")).isEmpty();
    }
}
