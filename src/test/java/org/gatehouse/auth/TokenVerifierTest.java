package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.benmanes.caffeine.cache.Ticker;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.gatehouse.auth.AccessToken.UserSession;
import org.gatehouse.config.AuthKeys;
import org.gatehouse.config.Secret;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.identity.Authentication;
import org.gatehouse.identity.SessionId;
import org.gatehouse.identity.UserId;
import org.gatehouse.key.KeySchedule;
import org.gatehouse.key.RotatingKeys;
import org.gatehouse.key.SigningKey;
import org.gatehouse.metrics.Metrics;
import org.gatehouse.store.MongoConnection;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.SettableClock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests attacks on a token (RFC 8725, section 2), and the exact start and end of a token's validity. */
class TokenVerifierTest {
    private static final Duration LIFETIME = Duration.ofMinutes(10);
    private static final Secret AUTH_KEY = new Secret("a key for tests, longer than 32 bytes");
    private static final UserId USER = new UserId("6b04b3b7e9cfde2681108d5e");
    private static final SessionId SESSION = SessionId.draw(new SecureRandom());
    private static final String SOURCE = "192.0.2.1";
    private static final JOSEObjectType ACCESS_TOKEN = new JOSEObjectType("at+jwt");

    private static final Stores stores = new Stores();
    private static final MongoConnection mongo =
            new MongoConnection(new Secret(stores.mongoUri()), stores.database(), new Metrics());

    private final SettableClock clock = new SettableClock(Instant.parse("2026-11-23T10:00:00Z"));
    private final RotatingKeys keys = new RotatingKeys(
            mongo,
            new AuthKeys(AUTH_KEY, null),
            KeySchedule.every(Duration.ofDays(30), LIFETIME),
            false,
            clock,
            Ticker.systemTicker(),
            new SecureRandom());
    private final VerificationBulkhead bulkhead = new VerificationBulkhead(2, Ticker.systemTicker());
    private final TokenVerifier verifier =
            new TokenVerifier(keys, Set.of("us", "formerly us"), "our services", clock, bulkhead);
    private final TokenIssuer issuer = new TokenIssuer(keys, "at+jwt", "us", "our services", LIFETIME, clock);
    private final String valid = issuer.issue(
                    USER, SESSION, Set.of("user"), Authentication.password(clock.instant()), Instant.MAX)
            .token();

    @AfterAll
    static void stop() {
        mongo.close();
        stores.close();
    }

    @Test
    void theVerificationOfAnIssuedTokenReturnsItsClaims() {
        AccessToken token = verifier.verify(valid, SOURCE);

        assertThat(token.subject()).isEqualTo(new UserSession(USER, SESSION));
        assertThat(token.roles()).containsExactly("user");
        assertThat(token.issuedAt()).isEqualTo(clock.instant());
        assertThat(token.expiresAt()).isEqualTo(clock.instant().plus(LIFETIME));
        assertThat(verifier.verify(valid, SOURCE))
                .as("the second result comes from the cache")
                .isSameAs(token);
    }

    @Test
    void anIssuedTokenHasTheHeaderOfAnAccessToken() throws ParseException {
        assertThat(SignedJWT.parse(valid).getHeader().toJSONObject())
                .containsOnly(
                        Map.entry("typ", "at+jwt"),
                        Map.entry("alg", "ES256"),
                        Map.entry("kid", keys.current().id()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "None", "NONE", "nOnE"})
    void aTokenWithTheAlgorithmNoneIsRejected(String algorithm) {
        String header = encoded("{\"alg\":\"" + algorithm + "\",\"typ\":\"at+jwt\",\"kid\":\""
                + keys.current().id() + "\"}");

        assertRejected(header + "." + payload() + ".", "invalid signature", "invalid token");
        assertRejected(header + "." + payload() + "." + signature(), "invalid signature", "invalid token");
    }

    @Test
    void anUnsecuredTokenCreatedByTheLibraryIsRejected() throws ParseException {
        assertRejected(new PlainJWT(claims().build()).serialize(), "invalid signature");
    }

    @Test
    void aTokenWithAMissingOrZeroSignatureIsRejected() {
        assertRejected(valid.substring(0, valid.lastIndexOf('.') + 1), "invalid token", "invalid signature");
        assertRejected(valid.substring(0, valid.lastIndexOf('.') + 1) + "A".repeat(86), "invalid signature");
    }

    @Test
    void aTokenSignedWithThePublicKeyAsASharedSecretIsRejected() throws Exception {
        ECKey key = publicKey();
        byte[] der = key.toECPublicKey().getEncoded();
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der)
                + "\n-----END PUBLIC KEY-----";
        for (byte[] secret : List.of(
                der,
                pem.getBytes(StandardCharsets.US_ASCII),
                (pem + "\n").getBytes(StandardCharsets.US_ASCII),
                key.toJSONString().getBytes(StandardCharsets.UTF_8),
                keys.publicKeys().getBytes(StandardCharsets.UTF_8),
                key.getX().decode(),
                key.getX().toString().getBytes(StandardCharsets.US_ASCII))) {
            JWSHeader header = header(JWSAlgorithm.HS256, key.getKeyID()).build();
            SignedJWT token = new SignedJWT(header, claims().build());
            token.sign(new MACSigner(secret));

            assertRejected(token.serialize(), "invalid signature");
        }
    }

    @Test
    void aTokenSignedWithTheAuthKeyIsRejected() throws Exception {
        String hmac = SigningKey.hmac(AUTH_KEY).id();
        for (String keyId : List.of(hmac, keys.current().id())) {
            SignedJWT token = new SignedJWT(header(JWSAlgorithm.HS256, keyId).build(), claims().build());
            token.sign(new MACSigner(AUTH_KEY.bytes()));

            assertRejected(token.serialize(), "invalid signature");
        }
    }

    @Test
    void aKeyEmbeddedOrLinkedInTheTokenIsNotUsed() throws Exception {
        ECKey foreign =
                new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
        for (String keyId : List.of(foreign.getKeyID(), keys.current().id())) {
            JWSHeader embedded =
                    header(JWSAlgorithm.ES256, keyId).jwk(foreign.toPublicJWK()).build();
            JWSHeader linked = header(JWSAlgorithm.ES256, keyId)
                    .jwkURL(URI.create("http://127.0.0.1:9/jwks.json"))
                    .build();
            JWSHeader certified = header(JWSAlgorithm.ES256, keyId)
                    .x509CertURL(URI.create("http://127.0.0.1:9/certificate"))
                    .build();
            for (JWSHeader header : List.of(embedded, linked, certified)) {
                SignedJWT token = new SignedJWT(header, claims().build());
                token.sign(new ECDSASigner(foreign));

                assertRejected(token.serialize(), "invalid signature");
            }
        }
    }

    @Test
    void aTokenOfAnotherCurveIsRejectedEvenWithAKnownKeyId() throws Exception {
        ECKey foreign = new ECKeyGenerator(Curve.P_384).generate();
        SignedJWT token =
                new SignedJWT(header(JWSAlgorithm.ES384, keys.current().id()).build(), claims().build());
        token.sign(new ECDSASigner(foreign));

        assertRejected(token.serialize(), "invalid signature");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"../../../../dev/null\"",
                "\"' OR 1=1 --\"",
                "\"$ne\"",
                "\"\"",
                "{\"$ne\":null}",
                "[\"a\"]",
                "null",
                "7",
                "true"
            })
    void anUnknownKeyIdIsRejected(String keyId) {
        String header = encoded("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":" + keyId + "}");

        assertRejected(header + "." + payload() + "." + signature(), "invalid signature", "invalid token");
    }

    @Test
    void aTokenWithoutAKeyIdIsRejected() throws Exception {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).type(ACCESS_TOKEN).build(), claims().build());
        token.sign(keys.current().signer());

        assertRejected(token.serialize(), "invalid signature");
    }

    @Test
    void aTokenWithCriticalExtensionsIsRejected() throws Exception {
        JWSHeader unencoded = header(JWSAlgorithm.ES256, keys.current().id())
                .base64URLEncodePayload(false)
                .criticalParams(Set.of("b64"))
                .build();
        JWSHeader invented = header(JWSAlgorithm.ES256, keys.current().id())
                .customParam("invented", true)
                .criticalParams(Set.of("invented"))
                .build();

        assertRejected(signed(invented, claims()), "invalid signature");
        assertRejected(
                new JWSHeader.Builder(unencoded).build().toBase64URL() + "." + payload() + "." + signature(),
                "invalid signature");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at+jwt2",
                "secevent+jwt",
                "",
                "at",
                "application/",
                "application/application/jwt",
                "text/jwt",
                "JWS",
                " JWT"
            })
    void aTokenOfAnotherTypeIsRejected(String type) throws Exception {
        JWSHeader header = header(JWSAlgorithm.ES256, keys.current().id())
                .type(new JOSEObjectType(type))
                .build();

        assertRejected(signed(header, claims()), "jwt type invalid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "at+jwt",
                "AT+JWT",
                "application/at+jwt",
                "Application/AT+jwt",
                "JWT",
                "jwt",
                "application/jwt",
                "APPLICATION/JWT"
            })
    void aTokenOfEitherTypeIsAcceptedInEveryForm(String type) throws Exception {
        JWSHeader header = header(JWSAlgorithm.ES256, keys.current().id())
                .type(new JOSEObjectType(type))
                .build();

        assertThat(verifier.verify(signed(header, claims()), SOURCE).subject())
                .isEqualTo(new UserSession(USER, SESSION));
    }

    @Test
    void aTokenOfThePreviousIssuerIsAccepted() throws Exception {
        assertThat(verifier.verify(valid, SOURCE).issuer()).isEqualTo("us");
        assertThat(verifier.verify(signed(claims().issuer("formerly us")), SOURCE)
                        .issuer())
                .isEqualTo("formerly us");
    }

    @Test
    void aTokenWithoutATypeIsRejected() throws Exception {
        JWSHeader header =
                header(JWSAlgorithm.ES256, keys.current().id()).type(null).build();

        assertRejected(signed(header, claims()), "jwt type invalid");
    }

    @Test
    void aTokenOfAnotherIssuerOrForAnotherAudienceIsRejected() throws Exception {
        assertRejected(signed(claims().issuer("them")), "jwt issuer invalid");
        assertRejected(signed(claims().issuer("US")), "jwt issuer invalid");
        assertRejected(signed(claims().issuer(null)), "jwt issuer invalid");
        assertRejected(signed(claims().audience("theirs")), "jwt audience invalid");
        assertRejected(signed(claims().audience((String) null)), "jwt audience invalid");
        assertThat(verifier.verify(signed(claims().audience(List.of("theirs", "our services"))), SOURCE)
                        .subject())
                .isEqualTo(new UserSession(USER, SESSION));
    }

    @Test
    void aTokenIsValidUntilExactlyItsExpiry() throws Exception {
        Instant end = Instant.parse("2026-11-23T10:05:00Z");
        String token = signed(claims().expirationTime(Date.from(end)));

        assertThat(verifier.verify(token, SOURCE).expiresAt()).isEqualTo(end);
        clock.set(end.minusMillis(1));
        assertThat(verifier.verify(token, SOURCE).expiresAt()).isEqualTo(end);
        clock.set(end);
        assertThat(rejection(token).code()).as("the cached token has expired").isEqualTo(ErrorCode.TOKEN_EXPIRED);
        String uncached = signed(claims().expirationTime(Date.from(end)).jwtID("another"));
        GatehouseException rejected = rejection(uncached);
        assertThat(rejected.code()).isEqualTo(ErrorCode.TOKEN_EXPIRED);
        assertThat(rejected.getMessage()).isEqualTo("jwt expired");
        assertThat(rejected.expiredAt()).contains(end);
    }

    @Test
    void aTokenFromTheFutureIsAcceptedOnlyWithinTheClockSkew() throws Exception {
        Instant latest = clock.instant().plus(TokenVerifier.CLOCK_SKEW);

        assertThat(verifier.verify(signed(claims().notBeforeTime(Date.from(latest))), SOURCE)
                        .subject())
                .isEqualTo(new UserSession(USER, SESSION));
        assertThat(verifier.verify(signed(claims().issueTime(Date.from(latest))), SOURCE)
                        .subject())
                .isEqualTo(new UserSession(USER, SESSION));
        assertRejected(signed(claims().notBeforeTime(Date.from(latest.plusSeconds(1)))), "jwt not active");
        assertRejected(signed(claims().issueTime(Date.from(latest.plusSeconds(1)))), "jwt not active");
        assertThat(TokenVerifier.CLOCK_SKEW).isLessThanOrEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void aTokenWithInvalidTimesIsRejected() throws Exception {
        for (Object time : List.of(Long.MAX_VALUE, Long.MIN_VALUE, 1e300, "soon", List.of(1), Map.of("$gt", 0))) {
            assertThat(rejection(signed(claims().claim("exp", time).claim("nbf", time)))
                            .code()
                            .status())
                    .as("%s", time)
                    .isEqualTo(401);
        }
    }

    @Test
    void anOversizedTokenIsRejectedAsMalformed() {
        assertRejected("a".repeat(100_000), "jwt malformed");
        assertRejected("e30." + "A".repeat(100_000) + ".AAAA", "jwt malformed");
        assertRejected(".".repeat(100_000), "jwt malformed");
    }

    @Test
    void aTokenIsRejectedIfAnyCharacterOfItsSignatureIsChanged() {
        int start = valid.lastIndexOf('.') + 1;
        for (int i = start; i < valid.length(); i++) {
            char other = valid.charAt(i) == 'A' ? 'B' : 'A';
            // Each check uses a different address, because the checks of an address with many failures run one at a
            // time.
            String tampered = valid.substring(0, i) + other + valid.substring(i + 1);
            assertThat(rejection(tampered, "198.51.100." + i).getMessage()).isEqualTo("invalid signature");
        }
    }

    @Test
    void aCachedTokenIsRejectedAfterItsKeyHasBeenRevoked() {
        verifier.verify(valid, SOURCE);

        keys.revoke(keys.current().id());

        assertRejected(valid, "invalid signature");
        String next = issuer.issue(USER, SESSION, Set.of(), Authentication.password(clock.instant()), Instant.MAX)
                .token();
        assertThat(verifier.verify(next, SOURCE).roles()).isEmpty();
    }

    @Test
    void aSourceOfForgedTokensBecomesSuspectButItsTokensAreStillVerified() {
        String forged = valid.substring(0, valid.lastIndexOf('.') + 1) + "A".repeat(86);
        for (int i = 0; i <= VerificationBulkhead.TOLERATED_FAILURES; i++) {
            assertThat(bulkhead.isSuspect(SOURCE)).isFalse();
            assertRejected(forged, "invalid signature");
        }

        assertThat(bulkhead.isSuspect(SOURCE)).isTrue();
        assertRejected(forged, "invalid signature");
        assertThat(verifier.verify(valid, SOURCE).subject()).isEqualTo(new UserSession(USER, SESSION));
        assertThat(bulkhead.isSuspect("192.0.2.2")).isFalse();
    }

    @Test
    void expiredTokensCountAsFailures() throws Exception {
        String expired = signed(claims().expirationTime(Date.from(clock.instant())));

        for (int i = 0; i <= VerificationBulkhead.TOLERATED_FAILURES; i++) {
            assertRejected(expired, "jwt expired");
        }

        assertThat(bulkhead.isSuspect(SOURCE)).isTrue();
    }

    private static GatehouseException rejection(String token, String source, TokenVerifier verifier) {
        return catchThrowableOfType(GatehouseException.class, () -> verifier.verify(token, source));
    }

    private GatehouseException rejection(String token, String source) {
        return rejection(token, source, verifier);
    }

    private GatehouseException rejection(String token) {
        return rejection(token, SOURCE);
    }

    /** Checks that the token is rejected with 401 and one of these messages. */
    private void assertRejected(String token, String... messages) {
        GatehouseException rejected = rejection(token);
        assertThat(rejected).as("the token is rejected").isNotNull();
        assertThat(rejected.code().status()).isEqualTo(401);
        assertThat(rejected.getMessage()).isIn(Arrays.asList(messages));
    }

    private JWTClaimsSet.Builder claims() throws ParseException {
        return new JWTClaimsSet.Builder(SignedJWT.parse(valid).getJWTClaimsSet());
    }

    private static JWSHeader.Builder header(JWSAlgorithm algorithm, String keyId) {
        return new JWSHeader.Builder(algorithm).type(ACCESS_TOKEN).keyID(keyId);
    }

    private String signed(JWTClaimsSet.Builder claims) throws JOSEException {
        return signed(header(JWSAlgorithm.ES256, keys.current().id()).build(), claims);
    }

    /** Returns a token that is signed with Gatehouse's own key, which attackers do not have. */
    private String signed(JWSHeader header, JWTClaimsSet.Builder claims) throws JOSEException {
        SignedJWT token = new SignedJWT(header, claims.build());
        token.sign(keys.current().signer());
        return token.serialize();
    }

    private ECKey publicKey() throws ParseException {
        return JWKSet.parse(keys.publicKeys())
                .getKeyByKeyId(keys.current().id())
                .toECKey();
    }

    private String payload() {
        return valid.split("\\.", -1)[1];
    }

    private String signature() {
        return valid.split("\\.", -1)[2];
    }

    private static String encoded(String json) {
        return Base64URL.encode(json).toString();
    }
}
