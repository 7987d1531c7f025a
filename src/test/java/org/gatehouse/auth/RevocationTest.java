package org.gatehouse.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.gatehouse.app.Node;
import org.gatehouse.store.Stores;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests revocation (RFC 7009), and the introspection of refresh tokens and of services. Two nodes share the stores. */
class RevocationTest {
    private static final String PASSWORD = "correct horse battery staple";
    private static final String FORM = "application/x-www-form-urlencoded";

    private static final Stores stores = new Stores();
    private static final Node one = Node.start(stores);
    private static final Node other = Node.start(stores);
    private static final AtomicInteger number = new AtomicInteger();
    private static String admin = "";
    private static String introspector = "";

    private final String username = "user-" + number.incrementAndGet();
    private final String id = one.create(admin, username, PASSWORD);
    private final Response login = one.login(username, PASSWORD);
    private final String token = login.text("token");
    private final String refreshToken = login.text("refreshToken");

    @BeforeAll
    static void logIn() {
        admin = one.adminToken();
        Response service = one.post("/service", admin, "{\"name\":\"gate\",\"roles\":[\"introspect\"]}");
        introspector = "Basic "
                + Base64.getEncoder()
                        .encodeToString(
                                (service.text("_id") + ":" + service.text("secret")).getBytes(StandardCharsets.UTF_8));
    }

    @AfterAll
    static void stop() {
        one.close();
        other.close();
        stores.close();
    }

    @Test
    void aServiceWithTheRoleEndsAnyTokenOnAllNodes() {
        assertThat(other.get("/user/me", token).status()).isEqualTo(200);

        Response revoked = revoke(introspector, token);

        assertThat(revoked.status()).as(revoked.body()).isEqualTo(200);
        assertThat(revoked.body()).isEmpty();
        assertThat(other.get("/user/me", token).text("code")).isEqualTo("SESSION_ENDED");
        assertThat(other.post("/token/refresh", "", "{\"refreshToken\":\"" + refreshToken + "\"}")
                        .status())
                .isEqualTo(401);
        assertThat(one.get("/audit?type=SESSION_ENDED&user=" + id, admin).json())
                .hasSize(1);
        assertThat(revoke(introspector, token).status()).as("again").isEqualTo(200);
    }

    @Test
    void aRefreshTokenEndsItsSession() {
        assertThat(revoke(token, refreshToken).status()).isEqualTo(200);

        assertThat(other.get("/user/me", token).status()).isEqualTo(401);
    }

    @Test
    void anEarlierRefreshTokenEndsItsSessionToo() {
        String body = "{\"refreshToken\":\"" + refreshToken + "\"}";
        Response lost = one.post("/token/refresh", "", body);
        assertThat(lost.status()).isEqualTo(200);

        assertThat(revoke(introspector, refreshToken).status()).isEqualTo(200);

        assertThat(other.get("/user/me", lost.text("token")).status()).isEqualTo(401);
        assertThat(other.post("/token/refresh", "", body).status()).isEqualTo(401);
    }

    @Test
    void anEndedTokenOfAServiceEndsNothing() {
        Response service = one.post("/service", admin, "{\"name\":\"batch\",\"roles\":[\"viewer\"]}");
        String first = accessToken(service);
        assertThat(revoke(introspector, first).status()).isEqualTo(200);
        String second = accessToken(service);

        assertThat(revoke(introspector, first).status()).isEqualTo(200);

        assertThat(other.get("/check", second).status()).isEqualTo(204);
    }

    @Test
    void withoutTheRoleACallerEndsOnlyItsOwnTokens() {
        String stranger = one.login(username, PASSWORD).text("token");
        Response foreign = one.login(ServiceClient.ADMIN, ServiceClient.ADMIN_PASSWORD);
        for (String of : List.of(foreign.text("token"), foreign.text("refreshToken"))) {
            Response refused = revoke(token, of);
            assertThat(refused.status()).isEqualTo(403);
            assertThat(refused.text("error")).isEqualTo("insufficient_scope");
            assertThat(one.get("/user/me", foreign.text("token")).status()).isEqualTo(200);
        }
        assertThat(revoke(token, stranger).status())
                .as("another session of the caller")
                .isEqualTo(200);
        assertThat(one.get("/user/me", stranger).status()).isEqualTo(401);
        assertThat(one.get("/user/me", token).status()).isEqualTo(200);
    }

    @Test
    void aTokenOfAServiceEndsAllTokensOfTheService() {
        Response service = one.post("/service", admin, "{\"name\":\"batch\",\"roles\":[\"viewer\"]}");
        String first = accessToken(service);
        String second = accessToken(service);
        assertThat(other.get("/check?role=viewer", second).status()).isEqualTo(204);
        assertThat(revoke(token, first).status()).isEqualTo(403);

        assertThat(revoke(first, first).status()).isEqualTo(200);

        assertThat(other.get("/check", first).status()).isEqualTo(401);
        assertThat(other.get("/check", second).status()).isEqualTo(401);
        assertThat(other.get("/check?role=viewer", accessToken(service)).status())
                .isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unknown", "a.b.c", "gh_x", "é", "eyJhbGciOiJub25lIn0.e30."})
    void anUnknownTokenIsNotAnError(String unknown) {
        assertThat(revoke(introspector, unknown).status()).isEqualTo(200);
        assertThat(revoke(token, unknown).status()).isEqualTo(200);
        assertThat(one.get("/user/me", token).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "token=", "token=a&token=b", "token=a&token_type_hint=b&token_type_hint=c"})
    void aWrongFormIsRejected(String form) {
        Response response = one.send("POST", "/revoke", form, "Content-Type", FORM, "Authorization", introspector);

        assertThat(response.status()).as(response.body()).isEqualTo(400);
        assertThat(response.text("error")).isEqualTo("invalid_request");
    }

    @Test
    void withoutCredentialsNothingIsRevoked() {
        assertThat(revoke("", token).status()).isEqualTo(401);
        assertThat(one.get("/user/me", token).status()).isEqualTo(200);
    }

    @Test
    void aLiveRefreshTokenIsActive() {
        Response active = introspect(refreshToken);

        assertThat(active.json().path("active").asBoolean()).isTrue();
        assertThat(active.text("token_type")).isEqualTo("refresh_token");
        assertThat(active.text("sub")).isEqualTo(id);
        assertThat(active.text("username")).isEqualTo(username);
        assertThat(active.text("scope")).isEqualTo("user");
        assertThat(active.json().path("exp").asLong())
                .isEqualTo(active.json().path("iat").asLong()
                        + login.json().path("refreshExpiresIn").asLong());
        String next = one.post("/token/refresh", "", "{\"refreshToken\":\"" + refreshToken + "\"}")
                .text("refreshToken");
        assertThat(introspect(refreshToken).body()).isEqualTo("{\"active\":false}");
        assertThat(introspect(next).json().path("active").asBoolean()).isTrue();
        assertThat(one.post("/logout", token, "").status()).isEqualTo(200);
        assertThat(introspect(next).body()).isEqualTo("{\"active\":false}");
    }

    @Test
    void theTokenOfAServiceIsDescribed() {
        Response service = one.post("/service", admin, "{\"name\":\"batch\",\"roles\":[\"viewer\",\"editor\"]}");

        Response active = introspect(accessToken(service));

        assertThat(active.json().path("active").asBoolean()).as(active.body()).isTrue();
        assertThat(active.text("sub")).isEqualTo(service.text("_id"));
        assertThat(active.text("client_id")).isEqualTo(service.text("_id"));
        assertThat(active.text("scope")).isEqualTo("editor viewer");
        assertThat(active.text("token_type")).isEqualTo("Bearer");
        assertThat(active.json().has("sid")).isFalse();
    }

    private static String accessToken(Response service) {
        return one.serviceToken(service.text("_id"), service.text("secret"));
    }

    private static Response introspect(String token) {
        return one.send(
                "POST", "/introspect", "token=" + encoded(token), "Content-Type", FORM, "Authorization", introspector);
    }

    private static Response revoke(String credentials, String token) {
        String header = credentials.startsWith("Basic") ? "Authorization" : "auth";
        return one.send("POST", "/revoke", "token=" + encoded(token), "Content-Type", FORM, header, credentials);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
