package org.gatehouse.war;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jwt.SignedJWT;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.gatehouse.store.Stores;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LoginIT {
    private static final String PASSWORD = "correct horse battery staple";

    private static final Stores stores = new Stores();
    private static final WarServer gatehouse = WarServer.start(stores, Map.of("AUTH_ISSUER", "https://id.example"));
    private static String id = "";

    @BeforeAll
    static void createAlice() {
        id = gatehouse.create(gatehouse.adminToken(), "Alice", PASSWORD);
    }

    @AfterAll
    static void stop() {
        gatehouse.close();
        stores.close();
    }

    @Test
    void returnsATokenAndTheUser() {
        Response response = gatehouse.login("Alice", PASSWORD);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.text("status")).isEqualTo("success");
        assertThat(response.text("message")).isEqualTo("Logged as Alice");
        assertThat(response.text("tokenType")).isEqualTo("Bearer");
        assertThat(response.json().path("expiresIn").asInt()).isEqualTo(600);
        assertThat(response.json().path("user").path("_id").asText()).isEqualTo(id);
        assertThat(response.header("Cache-Control")).contains("no-store");
    }

    @Test
    void setsLastLogin() {
        Instant before = Instant.now().minusSeconds(1);

        Response response = gatehouse.login("Alice", PASSWORD);

        Instant shown =
                Instant.parse(response.json().path("user").path("lastLogin").asText());
        assertThat(shown).isAfter(before);
        Document stored = stores.users().find(new Document("username", "Alice")).first();
        assertThat(stored).isNotNull();
        assertThat(stored.getDate("lastLogin").toInstant()).isAfterOrEqualTo(shown);
    }

    @Test
    void returnsAnRfc9068TokenWithOnlyTheIdRolesAndAuthenticationOfTheUser() throws Exception {
        SignedJWT token = SignedJWT.parse(gatehouse.token("Alice", PASSWORD));

        assertThat(token.getHeader().getType().getType()).isEqualTo("at+jwt");
        assertThat(token.getHeader().getAlgorithm().getName()).isEqualTo("ES256");
        assertThat(token.getHeader().getKeyID()).isNotEmpty();
        Map<String, Object> claims = token.getJWTClaimsSet().getClaims();
        assertThat(claims.keySet())
                .containsExactlyInAnyOrder(
                        "iss",
                        "sub",
                        "aud",
                        "iat",
                        "exp",
                        "jti",
                        "sid",
                        "client_id",
                        "roles",
                        "auth_time",
                        "amr",
                        "acr");
        assertThat(claims.get("iss")).isEqualTo("https://id.example");
        assertThat(claims.get("sub")).isEqualTo(id);
        assertThat(claims.get("roles")).isEqualTo(List.of("user"));
        Instant issued = token.getJWTClaimsSet().getIssueTime().toInstant();
        assertThat(token.getJWTClaimsSet().getExpirationTime()).isEqualTo(issued.plusMillis(600_000));
        assertThat((long) claims.get("auth_time")).isBetween(issued.getEpochSecond() - 10, issued.getEpochSecond());
        assertThat(claims.get("amr")).isEqualTo(List.of("pwd"));
        assertThat(claims.get("acr")).isEqualTo("urn:gatehouse:1");
    }

    @Test
    void acceptsAUsernameInAnyCase() {
        assertThat(gatehouse.login("aLICE", PASSWORD).text("message")).isEqualTo("Logged as Alice");
    }

    @Test
    void acceptsAPasswordInAnyUnicodeForm() {
        String composed = "p\u00e9p\u00e9 le moko et sa bande";
        String decomposed = "pe\u0301pe\u0301 le moko et sa bande";
        gatehouse.create(gatehouse.adminToken(), "pepe", composed);

        assertThat(gatehouse.login("pepe", decomposed).status()).isEqualTo(200);
    }

    @Test
    void rejectsAWrongPasswordAndAnUnknownUserAndADisabledUserAlike() {
        String admin = gatehouse.adminToken();
        String disabled = gatehouse.create(admin, "disabled-user", PASSWORD);
        assertThat(gatehouse
                        .patch("/user/" + disabled, admin, "{\"status\":\"disabled\"}")
                        .status())
                .isEqualTo(200);

        for (Response response : List.of(
                gatehouse.login("Alice", "wrong"),
                gatehouse.login("unknown", PASSWORD),
                gatehouse.login("\u0000", PASSWORD),
                gatehouse.login("", ""),
                gatehouse.login("disabled-user", PASSWORD))) {
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.text("code")).isEqualTo("CREDENTIALS_WRONG");
            assertThat(response.text("message")).isEqualTo("Wrong username or password!");
            assertThat(response.header("WWW-Authenticate")).isEqualTo("Bearer");
        }
    }

    @Test
    void acceptsAnyTokenAtLogout() {
        for (String token : List.of("", "junk", gatehouse.token("Alice", PASSWORD))) {
            Response response = gatehouse.send("POST", "/logout", "", "auth", token);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text("status")).isEqualTo("success");
            assertThat(response.text("message")).isEqualTo("Logged out successfully!");
        }
        assertThat(gatehouse.post("/logout", "", "{\"everywhere\":true}").status())
                .isEqualTo(200);
    }

    @Test
    void storesOnlyAnArgon2idHashOfThePassword() {
        Document stored = stores.users().find(new Document("username", "Alice")).first();

        assertThat(stored).isNotNull();
        assertThat(stored.getString("passwordHash")).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
        assertThat(stored.toJson()).doesNotContain(PASSWORD);
    }
}
