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
import org.gatehouse.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tests access tokens over HTTP. Tests that forge tokens with the service's own key use a service whose key is
 * {@code AUTH_KEY}. All other tests use a service with rotating keys.
 */
class AccessTokenTest {
    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);
    private static final Node withSharedSecret = Node.start(stores, Map.of("AUTH_ALG", "HS256"));
    private static String valid = "";
    private static String ofSharedSecret = "";

    @BeforeAll
    static void login() {
        valid = gatehouse.adminToken();
        ofSharedSecret = withSharedSecret.adminToken();
    }

    @AfterAll
    static void stop() {
        withSharedSecret.close();
        gatehouse.close();
        stores.close();
    }

    @Test
    void isTakenFromEitherHeader() {
        assertThat(gatehouse.send("GET", "/user/me", "", "auth", valid).status())
                .isEqualTo(200);
        assertThat(gatehouse
                        .send("GET", "/user/me", "", "Authorization", "Bearer " + valid)
                        .status())
                .isEqualTo(200);
        assertThat(gatehouse
                        .send("GET", "/user/me", "", "Authorization", "bearer " + valid, "auth", valid)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void twoDifferentOnesAreRefused() {
        Answer answer = gatehouse.send("GET", "/user/me", "", "auth", valid, "Authorization", "Bearer other");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("code")).isEqualTo("TOKEN_AMBIGUOUS");
    }

    @Test
    void itsAbsenceGetsTheLegacyMessage() {
        Answer answer = gatehouse.get("/user/me", "");

        assertRefused(answer, "TOKEN_MISSING", "JsonWebTokenError", "jwt must be provided");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
    }

    @Test
    void thatIsInvalidGetsTheLegacyMessage() {
        assertRefused(gatehouse.get("/user/me", "junk"), "TOKEN_MALFORMED", "JsonWebTokenError", "jwt malformed");
        assertRefused(gatehouse.get("/user/me", "x.y.z"), "TOKEN_MALFORMED", "JsonWebTokenError", "invalid token");
        assertRefused(gatehouse.get("/user/me", ".."), "TOKEN_MALFORMED", "JsonWebTokenError", "invalid token");
    }

    @Test
    void thatWasTamperedWithIsRefused() {
        String[] parts = valid.split("\\.", -1);
        String otherSignature = parts[0] + "." + parts[1] + "." + new StringBuilder(parts[2]).reverse();

        assertInvalid(gatehouse, otherSignature, "invalid signature");
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        String cut = valid.substring(0, valid.length() - 1);
        for (int i = 0; i < alphabet.length(); i++) {
            String other = cut + alphabet.charAt(i);
            if (!other.equals(valid)) {
                assertInvalid(gatehouse, other, "invalid signature");
            }
        }
        assertInvalid(gatehouse, valid + "=", "invalid signature");
        assertInvalid(gatehouse, valid + "!", "invalid signature");
    }

    @Test
    void withoutAlgorithmIsRefused() throws ParseException {
        for (Node server : List.of(gatehouse, withSharedSecret)) {
            JWTClaimsSet claims = SignedJWT.parse(valid).getJWTClaimsSet();

            assertInvalid(server, new PlainJWT(claims).serialize(), "invalid signature");
        }
    }

    @Test
    void signedWithAnotherKeyIsRefused() throws Exception {
        SignedJWT ours = SignedJWT.parse(ofSharedSecret);

        assertInvalid(
                withSharedSecret,
                signed(ours.getHeader(), ours.getJWTClaimsSet(), "another key of more than 32 bytes"),
                "invalid signature");
    }

    @Test
    void ofAnotherAlgorithmIsRefusedEvenWithOurKey() throws Exception {
        SignedJWT ours = SignedJWT.parse(ofSharedSecret);
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS384)
                .type(ours.getHeader().getType())
                .keyID(ours.getHeader().getKeyID())
                .build();

        assertInvalid(withSharedSecret, signed(header, ours.getJWTClaimsSet(), Node.AUTH_KEY), "invalid signature");
    }

    @Test
    void signedWithTheAuthKeyIsRefusedWhereItOnlyEncrypts() throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID(SignedJWT.parse(valid).getHeader().getKeyID())
                .build();

        assertInvalid(gatehouse, ofSharedSecret, "invalid signature");
        assertInvalid(
                gatehouse,
                signed(header, SignedJWT.parse(valid).getJWTClaimsSet(), Node.AUTH_KEY),
                "invalid signature");
        assertInvalid(withSharedSecret, valid, "invalid signature");
    }

    @Test
    void ofAbsurdLengthIsRefused() {
        Answer answer = gatehouse.get("/user/me", valid + "A".repeat(20_000));

        assertThat(answer.status()).isIn(401, 431); // the container may reject the header before Gatehouse does
    }

    @Test
    void ofAnotherKeyIdIsRefused() throws Exception {
        SignedJWT ours = SignedJWT.parse(ofSharedSecret);
        JWSHeader header = new JWSHeader.Builder(ours.getHeader())
                .keyID("../../etc/passwd")
                .build();

        assertInvalid(withSharedSecret, signed(header, ours.getJWTClaimsSet(), Node.AUTH_KEY), "invalid signature");
    }

    @Test
    void thatExpiredIsRefusedAndSaysWhen() throws Exception {
        Date expired = Date.from(Instant.parse("2020-01-01T00:00:00Z"));
        Answer answer = withSharedSecret.get("/user/me", forged(claims -> claims.expirationTime(expired)));

        assertRefused(answer, "TOKEN_EXPIRED", "TokenExpiredError", "jwt expired");
        assertThat(answer.text("expiredAt")).isEqualTo("2020-01-01T00:00:00.000Z");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
    }

    @Test
    void thatNeverExpiresIsRefused() throws Exception {
        Answer answer = withSharedSecret.get("/user/me", forged(claims -> claims.expirationTime(null)));

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text("code")).isEqualTo("TOKEN_INVALID");
    }

    @Test
    void thatIsNotValidYetIsRefused() throws Exception {
        Date tomorrow = Date.from(Instant.now().plusSeconds(86_400));

        assertInvalid(withSharedSecret, forged(claims -> claims.notBeforeTime(tomorrow)), "jwt not active");
    }

    @Test
    void aTokenForAnotherAudienceIsRejected() throws Exception {
        assertInvalid(
                withSharedSecret, forged(claims -> claims.issuer("https://elsewhere.example")), "jwt issuer invalid");
        assertInvalid(withSharedSecret, forged(claims -> claims.issuer(null)), "jwt issuer invalid");
        assertInvalid(withSharedSecret, forged(claims -> claims.audience("another service")), "jwt audience invalid");
    }

    @Test
    void ofAnotherTypeIsRefused() throws Exception {
        SignedJWT ours = SignedJWT.parse(ofSharedSecret);
        JWSHeader header =
                new JWSHeader.Builder(ours.getHeader()).type(JOSEObjectType.JWT).build();

        assertInvalid(withSharedSecret, signed(header, ours.getJWTClaimsSet(), Node.AUTH_KEY), "jwt type invalid");
    }

    @Test
    void withClaimsOfTheWrongTypeIsRefused() throws Exception {
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
    void isNotTrustedForRoles() throws Exception {
        String poorer = forged(claims -> claims.claim("roles", Collections.singletonList(null)));

        assertThat(withSharedSecret.get("/user", poorer).status()).isEqualTo(200);
    }

    private interface Change {
        JWTClaimsSet.Builder to(JWTClaimsSet.Builder claims);
    }

    /** Returns our own token with changed claims, signed with our own key. */
    private static String forged(Change change) throws ParseException, JOSEException {
        SignedJWT ours = SignedJWT.parse(ofSharedSecret);
        JWTClaimsSet claims =
                change.to(new JWTClaimsSet.Builder(ours.getJWTClaimsSet())).build();
        return signed(ours.getHeader(), claims, Node.AUTH_KEY);
    }

    private static String signed(JWSHeader header, JWTClaimsSet claims, String key) throws JOSEException {
        SignedJWT token = new SignedJWT(header, claims);
        token.sign(new MACSigner(key));
        return token.serialize();
    }

    private static void assertInvalid(Node server, String token, String message) {
        assertRefused(server.get("/user/me", token), "TOKEN_INVALID", "JsonWebTokenError", message);
    }

    private static void assertRefused(Answer answer, String code, String name, String message) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.text("code")).isEqualTo(code);
        assertThat(answer.text("name")).isEqualTo(name);
        assertThat(answer.text("message")).isEqualTo(message);
    }
}
