package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests changes of the issuer and the type of tokens, which nodes with different settings perform. */
class IssuerTest {
    private static final String URL = "https://login.example.com/accounts";

    private static final Stores stores = new Stores();
    private static final Node before = Node.start(stores);

    @AfterAll
    static void stop() {
        before.close();
        stores.close();
    }

    @Test
    void thePublicAddressIsTheIssuer() throws ParseException {
        try (Node node = Node.start(stores, Map.of("PUBLIC_URL", URL))) {
            SignedJWT token = SignedJWT.parse(node.adminToken());
            assertThat(token.getJWTClaimsSet().getIssuer()).isEqualTo(URL);
            assertThat(node.get("/user/me", token.serialize()).status()).isEqualTo(200);
        }
        try (Node node = Node.start(stores, Map.of("PUBLIC_URL", URL, "AUTH_ISSUER", "us"))) {
            assertThat(SignedJWT.parse(node.adminToken()).getJWTClaimsSet().getIssuer())
                    .isEqualTo("us");
        }
    }

    @Test
    void tokensOfThePreviousIssuerAreAcceptedOnlyWhileItIsSet() {
        String old = before.adminToken();
        try (Node node = Node.start(stores, Map.of("PUBLIC_URL", URL, "AUTH_ISSUER_PREVIOUS", "gatehouse"))) {
            assertThat(node.get("/user/me", old).status()).isEqualTo(200);
            assertThat(introspectedIssuer(node, old)).isEqualTo("gatehouse");
            assertThat(introspectedIssuer(node, node.adminToken())).isEqualTo(URL);
        }
        try (Node node = Node.start(stores, Map.of("PUBLIC_URL", URL))) {
            Response rejected = node.get("/user/me", old);
            assertThat(rejected.status()).isEqualTo(401);
            assertThat(rejected.text("message")).isEqualTo("jwt issuer invalid");
        }
    }

    @Test
    void theTypeOfNewTokensIsConfigurableAndBothAreAccepted() throws ParseException {
        String usual = before.adminToken();
        assertThat(SignedJWT.parse(usual).getHeader().getType()).hasToString("at+jwt");
        try (Node node = Node.start(stores, Map.of("AUTH_TOKEN_TYPE", "JWT"))) {
            String plain = node.adminToken();
            assertThat(SignedJWT.parse(plain).getHeader().getType()).hasToString("JWT");
            for (Node each : new Node[] {node, before}) {
                assertThat(each.get("/user/me", plain).status()).isEqualTo(200);
                assertThat(each.get("/user/me", usual).status()).isEqualTo(200);
            }
        }
    }

    private static String introspectedIssuer(Node node, String token) {
        Response response = node.send(
                "POST",
                "/introspect",
                "token=" + token,
                "auth",
                node.adminToken(),
                "Content-Type",
                "application/x-www-form-urlencoded");
        return response.text("iss");
    }
}
