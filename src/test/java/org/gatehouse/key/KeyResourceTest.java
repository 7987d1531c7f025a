package org.gatehouse.key;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.JwksVerificationKeyResolver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class KeyResourceTest {
    private static final String JWKS = "/.well-known/jwks.json";

    private static final Stores stores = new Stores();
    private static final Node gatehouse = Node.start(stores);

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void anotherLibraryVerifiesATokenWithThePublishedKeys() throws Exception {
        String token = gatehouse.adminToken();
        String me = gatehouse.get("/user/me", token).text("_id");

        JwtClaims claims = consumer().processToClaims(token);

        assertThat(claims.getSubject()).isEqualTo(me);
        assertThat(claims.getStringListClaimValue("roles")).contains("admin");
        assertThat(claims.getClaimValueAsString("sid")).isNotBlank();
    }

    @Test
    void anotherLibraryRejectsAnAlteredToken() throws Exception {
        String token = gatehouse.adminToken();
        int payload = token.indexOf('.') + 5;
        char other = token.charAt(payload) == 'A' ? 'B' : 'A';

        assertThat(isRejected(token.substring(0, payload) + other + token.substring(payload + 1)))
                .isTrue();
    }

    @Test
    void thePublishedKeysNeedNoTokenAndAreCacheableForLessThanTheLeadTime() {
        Response response = gatehouse.get(JWKS, "");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.header("Content-Type")).isEqualTo("application/json");
        assertThat(response.header("Cache-Control")).isEqualTo("public, max-age=300");
        for (JsonNode key : response.json().path("keys")) {
            assertThat(key.fieldNames())
                    .toIterable()
                    .containsExactlyInAnyOrder("kty", "use", "crv", "kid", "x", "y", "alg");
        }
        assertThat(response.json().path("keys")).isNotEmpty();
    }

    @Test
    void aKeyCreatedByAnAdministratorIsPublishedAtOnceAndUsedLater() {
        String admin = gatehouse.adminToken();
        String before = current(gatehouse.get("/key", admin));

        Response created = gatehouse.post("/key/rotate", admin, "");

        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String kid = created.text("kid");
        assertThat(created.json().path("current").asBoolean()).isFalse();
        assertThat(Instant.parse(created.text("activeFrom")))
                .isEqualTo(Instant.parse(created.text("createdAt")).plusSeconds(3_600));
        assertThat(gatehouse.get(JWKS, "").body()).contains(kid);
        Response list = gatehouse.get("/key", admin);
        assertThat(list.json().get(0).path("kid").asText()).isEqualTo(kid);
        assertThat(current(list)).isEqualTo(before);

        assertThat(gatehouse.delete("/key/" + kid, admin).status()).isEqualTo(204);
        assertThat(gatehouse.get(JWKS, "").body()).doesNotContain(kid);
        assertThat(gatehouse.get("/key", admin).json().get(0).path("revokedAt").asText())
                .isNotEmpty();
    }

    @Test
    void theListContainsNoPrivateKeys() {
        Response response = gatehouse.get("/key", gatehouse.adminToken());

        assertThat(response.status()).isEqualTo(200);
        for (JsonNode key : response.json()) {
            List<String> names = new ArrayList<>();
            key.fieldNames().forEachRemaining(names::add);
            assertThat(names).isSubsetOf("kid", "alg", "createdAt", "activeFrom", "revokedAt", "current");
            assertThat(key.path("alg").asText()).isEqualTo("ES256");
        }
    }

    @Test
    void theListIsPaged() {
        String admin = gatehouse.adminToken();
        gatehouse.post("/key/rotate", admin, "");
        List<String> all = keyIds(gatehouse.get("/key", admin));

        List<String> collected = new ArrayList<>();
        String next = "/key?limit=1";
        while (!next.isEmpty()) {
            Response page = gatehouse.get(next, admin);
            collected.addAll(keyIds(page));
            next = page.next();
        }

        assertThat(collected).isEqualTo(all).hasSizeGreaterThan(1);
        assertThat(gatehouse.get("/key?limit=0", admin).status()).isEqualTo(400);
        assertThat(gatehouse.get("/key?after=junk", admin).status()).isEqualTo(400);
    }

    @Test
    void anUnknownKeyIsNotFound() {
        Response response = gatehouse.delete("/key/unknown", gatehouse.adminToken());

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text("code")).isEqualTo("NOT_FOUND");
    }

    @Test
    void onlyAdministratorsMayListRotateAndRevokeKeys() {
        String admin = gatehouse.adminToken();
        gatehouse.create(admin, "keyless", "correct horse battery staple");
        String user = gatehouse.token("keyless", "correct horse battery staple");

        assertThat(gatehouse.get("/key", user).status()).isEqualTo(403);
        assertThat(gatehouse.post("/key/rotate", user, "").status()).isEqualTo(403);
        assertThat(gatehouse.delete("/key/unknown", user).status()).isEqualTo(403);
        assertThat(gatehouse.get("/key", "").status()).isEqualTo(401);
    }

    @Test
    void aSharedSecretIsNeitherPublishedNorRotated() {
        try (Node sharedSecretNode = Node.start(stores, Map.of("AUTH_ALG", "HS256"))) {
            String admin = sharedSecretNode.adminToken();

            assertThat(sharedSecretNode.get(JWKS, "").body()).isEqualTo("{\"keys\":[]}");
            JsonNode keys = sharedSecretNode.get("/key", admin).json();
            assertThat(keys).hasSize(1);
            assertThat(keys.get(0).path("alg").asText()).isEqualTo("HS256");
            assertThat(keys.get(0).path("current").asBoolean()).isTrue();
            for (Response rejected : List.of(
                    sharedSecretNode.post("/key/rotate", admin, ""),
                    sharedSecretNode.delete("/key/" + keys.get(0).path("kid").asText(), admin))) {
                assertThat(rejected.status()).isEqualTo(409);
                assertThat(rejected.text("code")).isEqualTo("KEYS_FIXED");
            }
        }
    }

    @Test
    void aSharedSecretCanBeChangedWithoutInvalidatingTokens() {
        String next = "another key for tests, longer than 32 bytes";
        Map<String, String> before = Map.of("AUTH_ALG", "HS256", "AUTH_KEY_PREVIOUS", next);
        Map<String, String> after = Map.of("AUTH_ALG", "HS256", "AUTH_KEY", next, "AUTH_KEY_PREVIOUS", Node.AUTH_KEY);
        try (Node old = Node.start(stores, before);
                Node changed = Node.start(stores, after)) {
            assertThat(changed.get("/user/me", old.adminToken()).status()).isEqualTo(200);
            assertThat(old.get("/user/me", changed.adminToken()).status()).isEqualTo(200);
        }
    }

    private static boolean isRejected(String token) throws Exception {
        try {
            consumer().processToClaims(token);
            return false;
        } catch (InvalidJwtException rejected) {
            return true;
        }
    }

    /**
     * Returns a token verifier that is configured as in the documentation of jose4j. The verifier knows only
     * Gatehouse's key set.
     */
    private static JwtConsumer consumer() throws Exception {
        JsonWebKeySet keys = new JsonWebKeySet(gatehouse.get(JWKS, "").body());
        return new JwtConsumerBuilder()
                .setVerificationKeyResolver(new JwksVerificationKeyResolver(keys.getJsonWebKeys()))
                .setJwsAlgorithmConstraints(
                        ConstraintType.PERMIT, AlgorithmIdentifiers.ECDSA_USING_P256_CURVE_AND_SHA256)
                .setExpectedIssuer("gatehouse")
                .setExpectedAudience("gatehouse")
                .setExpectedType(true, "at+jwt")
                .setRequireExpirationTime()
                .setRequireSubject()
                .build();
    }

    private static List<String> keyIds(Response list) {
        List<String> keyIds = new ArrayList<>();
        list.json().forEach(key -> keyIds.add(key.path("kid").asText()));
        return keyIds;
    }

    private static String current(Response list) {
        for (JsonNode key : list.json()) {
            if (key.path("current").asBoolean()) {
                return key.path("kid").asText();
            }
        }
        throw new AssertionError("no key is current");
    }
}
