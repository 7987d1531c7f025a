package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Instant;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests access tokens over HTTP. Tests that sign their own tokens use the node that signs with {@code AUTH_KEY}. Most
 * other tests use the node with rotating keys.
 */
class AccessTokenTest {
    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final Node withSharedSecret = Node.start(stores, Map.of("AUTH_ALG", "HS256"));
    private static String validToken = "";
    private static String sharedSecretToken = "";

    @BeforeAll
    static void login() {
        validToken = gatehouse.adminToken();
        sharedSecretToken = withSharedSecret.adminToken();
    }

    @AfterAll
    static void stop() {
        withSharedSecret.close();
        gatehouse.close();
        stores.close();
    }

    @Test
    void aTokenIsAcceptedFromEitherHeader() {
        assertThat(gatehouse.send("GET", "/user/me", "", "auth", validToken).status())
                .isEqualTo(200);
        assertThat(gatehouse
                        .send("GET", "/user/me", "", "Authorization", "Bearer " + validToken)
                        .status())
                .isEqualTo(200);
        assertThat(gatehouse
                        .send("GET", "/user/me", "", "Authorization", "bearer " + validToken, "auth", validToken)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aTokenIsRejectedIfTheTwoHeadersDiffer() {
        Response response = gatehouse.send("GET", "/user/me", "", "auth", validToken, "Authorization", "Bearer other");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.text("code")).isEqualTo("TOKEN_AMBIGUOUS");
    }

    @Test
    void aMissingTokenIsRejectedWithTheLegacyMessage() {
        Response response = gatehouse.get("/user/me", "");

        assertRejected(response, "TOKEN_MISSING", "JsonWebTokenError", "jwt must be provided");
        assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer");
    }

    @Test
    void aMalformedTokenIsRejectedWithTheLegacyMessage() {
        assertRejected(gatehouse.get("/user/me", "junk"), "TOKEN_MALFORMED", "JsonWebTokenError", "jwt malformed");
        assertRejected(gatehouse.get("/user/me", "x.y.z"), "TOKEN_MALFORMED", "JsonWebTokenError", "invalid token");
        assertRejected(gatehouse.get("/user/me", ".."), "TOKEN_MALFORMED", "JsonWebTokenError", "invalid token");
    }

    @Test
    void aTokenWithAnAlteredSignatureIsRejected() {
        String[] parts = validToken.split("\\.", -1);
        String reversedSignature = parts[0] + "." + parts[1] + "." + new StringBuilder(parts[2]).reverse();

        assertInvalid(gatehouse, reversedSignature, "invalid signature");
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        String allButLast = validToken.substring(0, validToken.length() - 1);
        for (int i = 0; i < alphabet.length(); i++) {
            String altered = allButLast + alphabet.charAt(i);
            if (!altered.equals(validToken)) {
                assertInvalid(gatehouse, altered, "invalid signature");
            }
        }
        assertInvalid(gatehouse, validToken + "=", "invalid signature");
        assertInvalid(gatehouse, validToken + "!", "invalid signature");
    }

    @Test
    void anUnsignedTokenIsRejected() throws ParseException {
        for (Node server : List.of(gatehouse, withSharedSecret)) {
            JWTClaimsSet claims = SignedJWT.parse(validToken).getJWTClaimsSet();

            assertInvalid(server, new PlainJWT(claims).serialize(), "invalid signature");
        }
    }

    @Test
    void aTokenSignedWithAnotherKeyIsRejected() throws Exception {
        SignedJWT original = SignedJWT.parse(sharedSecretToken);

        assertInvalid(
                withSharedSecret,
                signed(original.getHeader(), original.getJWTClaimsSet(), "another key of more than 32 bytes"),
                "invalid signature");
    }

    @Test
    void aTokenOfAnotherAlgorithmIsRejectedEvenIfItsKeyIsRight() throws Exception {
        SignedJWT original = SignedJWT.parse(sharedSecretToken);
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS384)
                .type(original.getHeader().getType())
                .keyID(original.getHeader().getKeyID())
                .build();

        assertInvalid(withSharedSecret, signed(header, original.getJWTClaimsSet(), Node.AUTH_KEY), "invalid signature");
    }

    @Test
    void aTokenSignedWithTheAuthKeyIsRejectedByTheNodeWithRotatingKeys() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(SignedJWT.parse(validToken).getHeader().getKeyID())
                .build();

        assertInvalid(gatehouse, sharedSecretToken, "invalid signature");
        assertInvalid(
                gatehouse,
                signed(header, SignedJWT.parse(validToken).getJWTClaimsSet(), Node.AUTH_KEY),
                "invalid signature");
        assertInvalid(withSharedSecret, validToken, "invalid signature");
    }

    @Test
    void anOversizedTokenIsRejected() {
        Response response = gatehouse.get("/user/me", validToken + "A".repeat(20_000));

        // The container may reject a long header before Gatehouse reads the header.
        assertThat(response.status()).isIn(401, 431);
    }

    @Test
    void aTokenWithAnUnknownKeyIdIsRejected() throws Exception {
        SignedJWT original = SignedJWT.parse(sharedSecretToken);
        JWSHeader header = new JWSHeader.Builder(original.getHeader())
                .keyID("../../etc/passwd")
                .build();

        assertInvalid(withSharedSecret, signed(header, original.getJWTClaimsSet(), Node.AUTH_KEY), "invalid signature");
    }

    @Test
    void theRejectionOfAnExpiredTokenContainsTheExpiryTime() throws Exception {
        Date expired = Date.from(Instant.parse("2020-01-01T00:00:00Z"));
        Response response = withSharedSecret.get("/user/me", forged(claims -> claims.expirationTime(expired)));

        assertRejected(response, "TOKEN_EXPIRED", "TokenExpiredError", "jwt expired");
        assertThat(response.text("expiredAt")).isEqualTo("2020-01-01T00:00:00.000Z");
        assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
    }

    @Test
    void aTokenWithoutAnExpiryIsRejected() throws Exception {
        Response response = withSharedSecret.get("/user/me", forged(claims -> claims.expirationTime(null)));

        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo("TOKEN_INVALID");
    }

    @Test
    void aTokenThatIsNotValidYetIsRejected() throws Exception {
        Date tomorrow = Date.from(Instant.now().plusSeconds(86_400));

        assertInvalid(withSharedSecret, forged(claims -> claims.notBeforeTime(tomorrow)), "jwt not active");
    }

    @Test
    void aTokenOfAnotherIssuerOrAudienceIsRejected() throws Exception {
        assertInvalid(
                withSharedSecret, forged(claims -> claims.issuer("https://elsewhere.example")), "jwt issuer invalid");
        assertInvalid(withSharedSecret, forged(claims -> claims.issuer(null)), "jwt issuer invalid");
        assertInvalid(withSharedSecret, forged(claims -> claims.audience("another service")), "jwt audience invalid");
    }

    @Test
    void aTokenOfAnotherTypeIsRejected() throws Exception {
        SignedJWT original = SignedJWT.parse(sharedSecretToken);
        JWSHeader header = new JWSHeader.Builder(original.getHeader())
                .type(new JOSEObjectType("secevent+jwt"))
                .build();

        assertInvalid(withSharedSecret, signed(header, original.getJWTClaimsSet(), Node.AUTH_KEY), "jwt type invalid");
    }

    @Test
    void aTokenWithClaimsOfTheWrongTypeIsRejected() throws Exception {
        for (String token : List.of(
                forged(claims -> claims.claim("roles", "admin")),
                forged(claims -> claims.subject("$ne")),
                forged(claims -> claims.claim("sub", 7)),
                forged(claims -> claims.claim("exp", "tomorrow")),
                forged(claims -> claims.claim("roles", List.of(1, 2))))) {
            assertThat(withSharedSecret.get("/user/me", token).status()).isEqualTo(401);
        }
    }

    @Test
    void rolesAreReadFromTheUserAndNotFromTheToken() throws Exception {
        String withoutRoles = forged(claims -> claims.claim("roles", Collections.singletonList(null)));

        assertThat(withSharedSecret.get("/user", withoutRoles).status()).isEqualTo(200);
    }

    private interface Change {
        JWTClaimsSet.Builder to(JWTClaimsSet.Builder claims);
    }

    /** Changes the claims of a token that Gatehouse issued. Signs the result with the shared secret and returns it. */
    private static String forged(Change change) throws ParseException, JOSEException {
        SignedJWT original = SignedJWT.parse(sharedSecretToken);
        JWTClaimsSet claims =
                change.to(new JWTClaimsSet.Builder(original.getJWTClaimsSet())).build();
        return signed(original.getHeader(), claims, Node.AUTH_KEY);
    }

    private static String signed(JWSHeader header, JWTClaimsSet claims, String key) throws JOSEException {
        SignedJWT token = new SignedJWT(header, claims);
        token.sign(new MACSigner(key));
        return token.serialize();
    }

    private static void assertInvalid(Node server, String token, String message) {
        assertRejected(server.get("/user/me", token), "TOKEN_INVALID", "JsonWebTokenError", message);
    }

    private static void assertRejected(Response response, String code, String name, String message) {
        assertThat(response.status()).isEqualTo(401);
        assertThat(response.text("code")).isEqualTo(code);
        assertThat(response.text("name")).isEqualTo(name);
        assertThat(response.text("message")).isEqualTo(message);
    }
}
